import SatchelCore
import SatchelKit

/// A configuration from texts, without a disk: HOME is `/home/ada`, the workspace `/home/ada/tides`.
func configuration(
    workspace: String? = nil,
    user: String? = nil,
    userIsPrivate: Bool = false,
    environment: [String: String] = [:],
    overrides: [Configuration.Override] = []
) throws(ConfigurationError) -> Configuration {
    try configuration(
        workspaceBytes: workspace.map { Array($0.utf8) },
        user: user,
        userIsPrivate: userIsPrivate,
        environment: environment,
        overrides: overrides
    )
}

func configuration(
    workspaceBytes: [UInt8]?,
    user: String? = nil,
    userIsPrivate: Bool = false,
    environment: [String: String] = [:],
    overrides: [Configuration.Override] = []
) throws(ConfigurationError) -> Configuration {
    try Configuration.load(
        workspace: "/home/ada/tides",
        environment: environment.merging(["HOME": "/home/ada"]) { given, _ in given },
        overrides: overrides
    ) { path in
        switch path {
        case "/home/ada/tides/satchel.yaml":
            workspaceBytes.map { ConfigurationFile(bytes: $0, isPrivate: false) }
        case "/home/ada/.config/satchel/config.yaml":
            user.map { ConfigurationFile(bytes: Array($0.utf8), isPrivate: userIsPrivate) }
        default: nil
        }
    }
}

/// What is said about a configuration that cannot be loaded, line by line; empty when it can.
func complaint(
    workspace: String? = nil,
    user: String? = nil,
    userIsPrivate: Bool = false,
    environment: [String: String] = [:],
    overrides: [Configuration.Override] = []
) -> String {
    do throws(ConfigurationError) {
        _ = try configuration(
            workspace: workspace,
            user: user,
            userIsPrivate: userIsPrivate,
            environment: environment,
            overrides: overrides
        )
        return ""
    } catch {
        return error.description
    }
}
