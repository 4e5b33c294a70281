/// Asks until it is so; for what has no event of its own, such as the kernel's books on another process.
///
/// - Parameters:
///   - what: completes the sentence "waited 60 s in vain for …".
///   - limit: the longest wait.
///   - condition: what is asked, every few milliseconds.
///   - explain: what else is said when it never came true.
/// - Throws: ``DeadlineMissed``.
package func until(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool,
    otherwise explain: () -> String? = { nil }
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw DeadlineMissed(what: ([what] + [explain()].compactMap(\.self)).joined(separator: ": "), limit: limit)
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
