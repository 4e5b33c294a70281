internal import CSys

/// Gives memory that is free within the allocator back to the system.
///
/// A pass over many files needs much of it for a moment, on whichever threads it ran; kept, it would add up in a
/// process that lives for weeks.
package func giveBackMemory() {
    _ = malloc_trim(0)
}
