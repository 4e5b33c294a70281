internal import CSys

/// From here on the allocator keeps little memory to itself that is free: for a process that lives for weeks.
///
/// glibc has several arenas and lets what may stay free at the end of each grow with the largest block it has seen, up to
/// 64 MiB; ``giveBackMemory()`` reaches the end of the first only. A threshold that is set does not grow: malloc(3),
/// mallopt(3).
package func keepLittleFreeMemory() {
    let trimThreshold: Int32 = -1
    _ = mallopt(trimThreshold, 128 << 10)
}
