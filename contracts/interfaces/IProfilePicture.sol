// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Profile pictures: tokens whose metadata is fixed when they are minted
/// @notice An ERC-721 collection that keeps two dictionaries: token id -> holder, and
/// token id -> bundle digest. A bundle is an IPFS directory of `image` and `metadata.json`; its digest
/// is the sha2-256 of the directory's root block, so that it commits to every byte of both files.
///
/// What the owner can do: choose the minter (itself too), hand the ownership on, or give it up.
/// What the owner can never do as such: mint, move or burn a token of somebody else, change a bundle, a
/// URI, the supply limit, the royalty or the collection's metadata, pause, upgrade, or destroy.
///
/// What the minter can do: mint, up to `maxSupply` tokens in all.
/// What the minter can never do as such: choose a token's id, mint one twice, and, of what it has
/// minted, change, move or burn anything.
///
/// Ids run from 1 in steps of 1. An id that was burned is never given again.
/// @dev Standards: ERC-721 with Metadata, ERC-165, ERC-2981, ERC-7572, ERC-6093 errors. Ownership is
/// ERC-173's `owner` and event with a second step; ERC-173's interface id is not claimed, because
/// `transferOwnership` only proposes.
interface IProfilePicture {
    // -------------------------------------------------------------------------------------- events

    /// @notice A token moved; `from` is zero when it was minted, `to` is zero when it was burned.
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    /// @notice `approved` may move this token until it moves; zero takes the approval back.
    event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);

    /// @notice `operator` may, or may no longer, move every token of `owner`.
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    /// @notice `newOwner` was proposed, and owns the contract once it accepts; zero withdraws.
    event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);

    /// @notice The contract has another owner; zero means that it was given up for ever.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice From now on `newMinter` mints; zero means that nobody does.
    event MinterChanged(address indexed previousMinter, address indexed newMinter);

    // -------------------------------------------------------------------------- errors of ERC-6093

    /// @notice The zero address has no balance to ask for.
    error ERC721InvalidOwner(address owner);

    /// @notice The id was not minted yet, or was burned.
    error ERC721NonexistentToken(uint256 tokenId);

    /// @notice `sender` was named as the holder of a token that `owner` holds.
    error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner);

    /// @notice `receiver` is the zero address, or a contract that does not take tokens.
    error ERC721InvalidReceiver(address receiver);

    /// @notice `operator` is neither the holder, nor an operator of the holder, nor approved.
    error ERC721InsufficientApproval(address operator, uint256 tokenId);

    /// @notice `approver` is neither the holder nor an operator of the holder.
    error ERC721InvalidApprover(address approver);

    /// @notice The zero address cannot be an operator.
    error ERC721InvalidOperator(address operator);

    // -------------------------------------------------------------------------------- other errors

    /// @notice `account` is not the owner, or not the one that was proposed.
    error OwnableUnauthorizedAccount(address account);

    /// @notice A collection starts with an owner; to have none, renounce.
    error OwnableInvalidOwner(address owner);

    /// @notice `account` is not the minter.
    error NotMinter(address account);

    /// @notice A digest of zero is no bundle.
    error ZeroBundle();

    /// @notice A batch or an airdrop names at least one bundle.
    error EmptyBatch();

    /// @notice An airdrop needs one bundle for each receiver.
    error LengthMismatch(uint256 receivers, uint256 bundles);

    /// @notice `count` digests are more than the `most` that the code of one contract holds.
    error BatchTooLarge(uint256 count, uint256 most);

    /// @notice The gas ran out while the contract that keeps `count` digests was deployed.
    error BatchNotStored(uint256 count);

    /// @notice Fewer than `asked` tokens are `left` to mint.
    error SupplyExceeded(uint256 asked, uint256 left);

    /// @notice The supply limit is zero, or above 2^48 - 1.
    error InvalidMaxSupply(uint256 maxSupply);

    /// @notice The royalty is above 10,000 basis points, or has nobody to go to.
    error InvalidRoyalty(address receiver, uint96 bps);

    // ------------------------------------------------------------------------------------- minting

    /// @notice Mint the next token to `to`. For the minter alone.
    /// @dev Warning: the receiver is not asked; a contract that cannot send tokens on keeps this one
    /// for ever. See `safeMint`. A wallet that sends this as a transaction never sees the results:
    /// read the Transfer event and the views.
    /// @param to Who holds the token; not zero.
    /// @param bundle The sha2-256 digest of the bundle's root; not zero. It can never be changed.
    /// @return id The token's id: the first is 1, each next one higher.
    /// @return metadataURI `ipfs://bafybei.../metadata.json`, as `tokenURI(id)` returns it.
    /// @return imageURI `ipfs://bafybei.../image`, as `imageURI(id)` returns it.
    function mint(address to, bytes32 bundle)
        external
        returns (uint256 id, string memory metadataURI, string memory imageURI);

    /// @notice Mint the next token to `to`, and undo it all unless `to` takes it. For the minter alone.
    /// @dev A receiver with code is called after all state is written, and may call back. A contract that
    /// is still being constructed has no code, and is not asked.
    /// @param to Who holds the token; if it has code, it must answer `onERC721Received`.
    /// @param bundle The sha2-256 digest of the bundle's root; not zero. It can never be changed.
    /// @param data Passed to the receiver as it is.
    /// @return id The token's id.
    /// @return metadataURI `ipfs://bafybei.../metadata.json`.
    /// @return imageURI `ipfs://bafybei.../image`.
    function safeMint(address to, bytes32 bundle, bytes calldata data)
        external
        returns (uint256 id, string memory metadataURI, string memory imageURI);

    /// @notice Mint one token for each bundle, all to `to`, or none. For the minter alone.
    /// @dev Warning: the receiver is not asked; see `mint`. The ids are `firstId` and the next ones, in
    /// the order of `bundles`. From four on, the digests are kept in the code of a contract that this one
    /// deploys: from 3% less gas for four to 32% for a hundred, and no difference in what a view answers.
    /// About 500 fit into the gas of one transaction (EIP-7825), and never more than 767 into that code.
    /// @param to Who holds the tokens; not zero.
    /// @param bundles The digests; at least one, none of them zero.
    /// @return firstId The id of the first one.
    function mintBatch(address to, bytes32[] calldata bundles) external returns (uint256 firstId);

    /// @notice Mint one token to each receiver, or none to any. For the minter alone.
    /// @dev Warning: the receivers are not asked; see `mint`. A receiver may be named several times.
    /// The digests are kept as those of `mintBatch` are. About 300 new receivers fit into the gas of one
    /// transaction (EIP-7825).
    /// @param receivers Who hold the tokens; none of them zero.
    /// @param bundles The digests, one for each receiver, none of them zero.
    /// @return firstId The id of the first receiver's token; the others follow in order.
    function airdrop(address[] calldata receivers, bytes32[] calldata bundles)
        external
        returns (uint256 firstId);

    /// @notice Burn a token, for ever: no call brings its id or its picture back.
    /// For its holder, an operator of the holder, and whom the token is approved to.
    /// @param id The token.
    function burn(uint256 id) external;

    // ------------------------------------------------------------------------------------ pictures

    /// @notice The digest that a token commits to, the same from its mint until it is burned.
    /// @param id The token; reverts when there is none.
    /// @return The sha2-256 digest of the root of an IPFS directory of `image` and `metadata.json`.
    function bundleOf(uint256 id) external view returns (bytes32);

    /// @notice Where a token's picture is.
    /// @param id The token; reverts when there is none.
    /// @return `ipfs://bafybei.../image`; the picture's type is by its bytes.
    function imageURI(uint256 id) external view returns (string memory);

    /// @notice Where a token's metadata is.
    /// @param id The token; reverts when there is none.
    /// @return `ipfs://bafybei.../metadata.json`, JSON as ERC-721 Metadata describes it.
    function tokenURI(uint256 id) external view returns (string memory);

    /// @notice Where the collection's metadata is (ERC-7572). It never changes.
    /// @return `ipfs://bafybei.../metadata.json`.
    function contractURI() external view returns (string memory);

    /// @notice The collection's name.
    function name() external view returns (string memory);

    /// @notice The collection's short name.
    function symbol() external view returns (string memory);

    // -------------------------------------------------------------------------------------- supply

    /// @notice How many ids were given, burned ones included: the last id, and 0 before the first.
    function totalMinted() external view returns (uint256);

    /// @notice How many tokens there are: minted less burned.
    function totalSupply() external view returns (uint256);

    /// @notice How many ids will ever be given at most. It never changes.
    function maxSupply() external view returns (uint256);

    // ------------------------------------------------------------------------------- owner, minter

    /// @notice Who chooses the minter; zero when the ownership was given up.
    function owner() external view returns (address);

    /// @notice Who becomes the owner by accepting; zero when nobody was proposed.
    function pendingOwner() external view returns (address);

    /// @notice Who mints: an account or a contract; zero when nobody does.
    function minter() external view returns (address);

    /// @notice Choose who mints from now on. For the owner alone, and the one thing that it decides.
    /// @dev Zero stops minting; with the ownership renounced after it, for ever.
    /// @param newMinter An account, a contract such as a sale, or zero.
    function setMinter(address newMinter) external;

    /// @notice Propose another owner, who has to accept. For the owner alone.
    /// @param newOwner Who may accept, in place of whoever was proposed before; zero withdraws.
    function transferOwnership(address newOwner) external;

    /// @notice Become the owner. For the proposed one alone.
    function acceptOwnership() external;

    /// @notice Give the ownership up for ever; the minter stays as it is. For the owner alone.
    function renounceOwnership() external;

    // ------------------------------------------------------------------------------------- ERC-721

    /// @notice How many tokens `holder` has.
    /// @param holder Any address but zero.
    function balanceOf(address holder) external view returns (uint256);

    /// @notice Who holds a token.
    /// @param id The token; reverts when there is none.
    function ownerOf(uint256 id) external view returns (address);

    /// @notice Let `spender` move or burn this token until it moves.
    /// For its holder and the operators of the holder.
    /// @param spender Who may; zero takes an approval back.
    /// @param id The token.
    function approve(address spender, uint256 id) external;

    /// @notice Whom a token is approved to.
    /// @param id The token; reverts when there is none.
    /// @return The spender, or zero.
    function getApproved(uint256 id) external view returns (address);

    /// @notice Let `operator` move, approve and burn every token that the caller holds or will hold.
    /// @dev Warning: this is all of the caller's tokens, until it is taken back.
    /// @param operator Who may, or no longer may; not zero.
    /// @param approved Whether it may.
    function setApprovalForAll(address operator, bool approved) external;

    /// @notice Whether `operator` may move every token of `holder`.
    function isApprovedForAll(address holder, address operator) external view returns (bool);

    /// @notice Move a token. For its holder, an operator of the holder, and whom it is approved to.
    /// @dev Warning: the receiver is not asked; see `safeTransferFrom`.
    /// @param from Who holds it.
    /// @param to Who will hold it; not zero.
    /// @param id The token; an approval of it ends.
    function transferFrom(address from, address to, uint256 id) external;

    /// @notice Move a token, and undo it unless `to` takes it.
    /// @dev A receiver with code is called after all state is written, and may call back.
    /// @param from Who holds it.
    /// @param to Who will hold it; if it has code, it must answer `onERC721Received`.
    /// @param id The token; an approval of it ends.
    function safeTransferFrom(address from, address to, uint256 id) external;

    /// @notice Move a token, and undo it unless `to` takes it.
    /// @dev A receiver with code is called after all state is written, and may call back.
    /// @param from Who holds it.
    /// @param to Who will hold it; if it has code, it must answer `onERC721Received`.
    /// @param id The token; an approval of it ends.
    /// @param data Passed to the receiver as it is.
    function safeTransferFrom(address from, address to, uint256 id, bytes calldata data) external;

    // --------------------------------------------------------------------------- ERC-2981, ERC-165

    /// @notice Whom to pay what when a token is sold (ERC-2981). It never changes, and is the same for
    /// every id, minted or not.
    /// @param id Any id.
    /// @param salePrice In any currency.
    /// @return receiver Whom to pay; zero when there is no royalty.
    /// @return royaltyAmount The share of the price, rounded down.
    function royaltyInfo(uint256 id, uint256 salePrice)
        external
        view
        returns (address receiver, uint256 royaltyAmount);

    /// @notice Whether the collection speaks an interface: ERC-165, ERC-721, its Metadata, ERC-2981.
    /// @param interfaceId The id, as ERC-165 computes it.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool);
}
