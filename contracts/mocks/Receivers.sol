// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "../interfaces/IERC721Receiver.sol";

/// @dev Receivers for the tests: one that takes tokens, and the others named by their fault.

/// @notice Takes every token and tells what it was asked.
contract AcceptingReceiver is IERC721Receiver {
    event Received(address collection, address operator, address from, uint256 tokenId, bytes data);

    function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
        external
        virtual
        returns (bytes4)
    {
        emit Received(msg.sender, operator, from, tokenId, data);
        return IERC721Receiver.onERC721Received.selector;
    }
}

/// @notice Has code, and none of it answers.
contract DeafReceiver {}

/// @notice Refuses with a reason.
contract ReasonReceiver is IERC721Receiver {
    error NoPictures(uint256 tokenId);

    function onERC721Received(address, address, uint256 tokenId, bytes calldata) external pure returns (bytes4) {
        revert NoPictures(tokenId);
    }
}

/// @notice Refuses without a reason.
contract SilentReceiver is IERC721Receiver {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        revert();
    }
}

/// @notice Answers with another selector.
contract WrongAnswerReceiver is IERC721Receiver {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return 0xdeadbeef;
    }
}

/// @notice Answers with the right selector in one byte too few.
contract ShortAnswerReceiver {
    fallback() external {
        bytes4 answer = IERC721Receiver.onERC721Received.selector;
        assembly {
            mstore(0, answer)
            return(0, 31)
        }
    }
}

/// @notice Answers with the right selector, and with more after it.
contract LongAnswerReceiver {
    fallback() external {
        bytes4 answer = IERC721Receiver.onERC721Received.selector;
        assembly {
            mstore(0, answer)
            return(0, 64)
        }
    }
}

/// @notice Takes any call and answers nothing.
contract MuteReceiver {
    fallback() external {}
}

/// @notice Never comes to an end.
contract GasEatingReceiver {
    fallback() external {
        while (true) {}
    }
}

/// @notice Answers a wrong selector and 100 kB of zeros.
contract HugeAnswerReceiver {
    fallback() external {
        assembly {
            return(0x1000, 100000)
        }
    }
}

/// @notice Refuses with a reason of 100 kB.
contract HugeReasonReceiver {
    fallback() external {
        assembly {
            revert(0x1000, 100000)
        }
    }
}

/// @notice Calls whatever it is told to, as any contract wallet does; and, once armed, calls again while
/// it is being sent a token, before it takes it.
contract ReentrantReceiver is AcceptingReceiver {
    event CalledBack(bool done, bytes answer);

    address private _target;
    bytes private _data;

    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function call(address target, bytes calldata data) external returns (bytes memory) {
        (bool done, bytes memory answer) = target.call(data);
        if (!done) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
        external
        override
        returns (bytes4)
    {
        address target = _target;
        if (target != address(0)) {
            _target = address(0);
            (bool done, bytes memory answer) = target.call(_data);
            emit CalledBack(done, answer);
        }
        emit Received(msg.sender, operator, from, tokenId, data);
        return IERC721Receiver.onERC721Received.selector;
    }
}
