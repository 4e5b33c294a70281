package import FoundationEssentials

/// What a command takes from its surroundings, as values, so that tests can say something else.
package struct Context: Sendable {
    package var environment: [String: String]
    /// Absolute.
    package var directory: String
    package var now: @Sendable () -> Date

    package init(
        environment: [String: String],
        directory: String,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.environment = environment
        self.directory = directory
        self.now = now
    }
}
