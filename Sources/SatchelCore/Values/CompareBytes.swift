import Glibc

/// `memcmp` with the shorter side first on a tie: the order of SQLite blobs and of git's index.
package func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let shared = min(left.count, right.count)
    if shared > 0, let one = left.baseAddress, let other = right.baseAddress {
        let order = memcmp(one, other, shared)
        if order != 0 { return Int(order) }
    }
    return left.count - right.count
}
