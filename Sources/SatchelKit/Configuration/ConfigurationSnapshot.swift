/// The bytes of the files that a configuration is read from: shows whether somebody has written to them since.
struct ConfigurationSnapshot: Hashable, Sendable {
    /// The user's and the workspace's; nil where there is none, or it cannot be read.
    private let files: [[UInt8]?]

    /// - Parameters:
    ///   - workspace: the workspace's folder, as for ``Configuration/load(workspace:environment:overrides:read:)``.
    ///   - environment: the process's variables.
    init(workspace: String, environment: [String: String]) {
        let paths = [
            Configuration.userFilePath(environment: environment), Configuration.workspaceFilePath(in: workspace),
        ]
        files = paths.map { path in path.flatMap { (try? readConfigurationFile($0))?.bytes } }
    }
}
