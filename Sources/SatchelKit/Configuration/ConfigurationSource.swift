/// Where a value came from, in rising precedence.
package enum ConfigurationSource: Hashable, Sendable {
    /// Nobody said anything.
    case builtIn
    case userFile(String, line: Int)
    case workspaceFile(String, line: Int)
    /// The name of the variable.
    case environment(String)
    /// The flag as it was typed.
    case flag(String)

    /// True for what was said for this one run: a flag or a variable.
    package var isImmediate: Bool {
        switch self {
        case .environment, .flag: true
        case .builtIn, .userFile, .workspaceFile: false
        }
    }

    /// True for what the workspace's own file says, which may have been written by a stranger.
    package var isWorkspace: Bool {
        if case .workspaceFile = self { true } else { false }
    }
}

extension ConfigurationSource: CustomStringConvertible {
    /// `default`, `satchel.yaml:7`, `SATCHEL_TTL`, `--ttl`.
    package var description: String {
        switch self {
        case .builtIn: "default"
        case .userFile(let file, let line), .workspaceFile(let file, let line): "\(file):\(line)"
        case .environment(let name): name
        case .flag(let flag): flag
        }
    }
}
