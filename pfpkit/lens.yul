// SPDX-License-Identifier: MIT
// Many views in one eth_call without `to`: this is the creation code, what is asked follows it, and
// the answers come as the data of a revert, which no limit on the size of a contract cuts.
//
// Every view is a STATICCALL: none can change what the next one sees, as it could in an aggregate of
// plain calls. Each has its own gas and its own share of the answer, so that none can take the others'.
//
// asked, for each view:  4 bytes gas, 4 bytes cap on the answer, 20 bytes address, 4 bytes size, calldata
// answer, for each view: 24 bytes zero, 4 bytes state, 4 bytes full size, at most `cap` bytes
// state: 0 failed, 1 done, 2 not asked, for too little gas was left
object "Lens" {
    code {
        let size := sub(codesize(), datasize("Lens"))
        codecopy(0, datasize("Lens"), size)
        let out := size
        for { let at := 0 } lt(at, size) { } {
            let head := mload(at)
            let limit := shr(224, head)
            let length := and(head, 0xffffffff)
            let state := 2
            let full := 0
            // A call passes on 63 of 64 parts; the rest is for the copy of its answer.
            if gt(gas(), add(add(limit, shr(5, limit)), 100000)) {
                state := staticcall(limit, shr(32, head), add(at, 32), length, 0, 0)
                full := returndatasize()
            }
            mstore(out, or(shl(32, state), full))
            let kept := and(shr(192, head), 0xffffffff)
            if lt(full, kept) { kept := full }
            returndatacopy(add(out, 32), 0, kept)
            out := add(out, add(32, kept))
            at := add(at, add(32, length))
        }
        revert(size, sub(out, size))
    }
}
