internal import SatchelCore

/// Everything that is wrong with the configuration, so that it is mended in one go.
package struct ConfigurationError: Error, Hashable, Sendable {
    /// Never empty; in the order in which they stand.
    package var problems: [ConfigurationProblem]

    package init(_ problems: [ConfigurationProblem]) { self.problems = problems }

    package init(_ place: String, _ message: String) {
        problems = [ConfigurationProblem(place: place, key: nil, message: message)]
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// One line for each problem.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong, and where.
package struct ConfigurationProblem: Hashable, Sendable {
    /// `satchel.yaml:7:9`, `SATCHEL_TTL` or `--ttl`.
    package var place: String
    /// The setting's whole name; nil when the place says it or the file as a whole is meant.
    package var key: String?
    /// What was expected and what to do, starting in lower case and without a full stop.
    package var message: String

    package init(place: String, key: String?, message: String) {
        self.place = place
        self.key = key
        self.message = message
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    package var description: String {
        key.map { "\(place): \(printable($0)): \(message)" } ?? "\(place): \(message)"
    }
}
