internal import SatchelCore

extension Configuration {
    /// What a flag of the command line says about a setting.
    package struct Override: Hashable, Sendable {
        /// The whole name of a setting, such as `chat.model`.
        package var name: String
        /// One text, or for a list each of its items.
        package var values: [String]
        /// As it was typed, for error texts: `--ttl`.
        package var flag: String

        package init(_ name: String, _ values: String..., flag: String) {
            self.name = name
            self.values = values
            self.flag = flag
        }

        package init(_ name: String, values: [String], flag: String) {
            self.name = name
            self.values = values
            self.flag = flag
        }
    }

    /// The name of the configuration in a workspace.
    package static let workspaceFileName = "satchel.yaml"

    /// Where the configuration of the workspace in this folder is.
    static func workspaceFilePath(in workspace: String) -> String {
        workspace == "/" ? "/\(workspaceFileName)" : "\(workspace)/\(workspaceFileName)"
    }

    /// Where the user's own configuration is: `SATCHEL_CONFIG`, else below `XDG_CONFIG_HOME`, else below `~/.config`;
    /// nil without a home.
    package static func userFilePath(environment: [String: String]) -> String? {
        if let path = environment["SATCHEL_CONFIG"], !path.isEmpty { return path }
        // The specification says that a relative path is to be ignored.
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/satchel/config.yaml" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return "\(home)/.config/satchel/config.yaml"
    }

    /// Reads everything there is: flags over the environment over the workspace's file over the user's over defaults.
    ///
    /// - Parameters:
    ///   - workspace: the workspace's folder, absolute and with links resolved; nil outside of one.
    ///   - environment: the process's variables.
    ///   - overrides: what flags say, later ones over earlier ones.
    ///   - read: gives a file's content, nil when there is none.
    /// - Returns: the configuration, with accounts completed.
    /// - Throws: all problems of all places at once.
    package static func load(
        workspace: String?,
        environment: [String: String],
        overrides: [Override] = [],
        read: (String) throws(UnreadableConfiguration) -> ConfigurationFile? = readConfigurationFile
    ) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        var reader = SettingsReader()
        if let path = userFilePath(environment: environment) {
            let shown = abbreviated(path, home: environment["HOME"])
            let isRequired = environment["SATCHEL_CONFIG"]?.isEmpty == false
            reader.applyFile(path, shown: shown, layer: .user, isRequired: isRequired, read: read, to: &configuration)
        }
        let own = configuration.accounts
        if let workspace {
            reader.applyFile(
                workspaceFilePath(in: workspace),
                shown: workspaceFileName,
                layer: .workspace,
                read: read,
                to: &configuration
            )
        }
        reader.applyEnvironment(environment, to: &configuration)
        reader.applyOverrides(overrides, to: &configuration)
        configuration.expandTrustedFolders(home: environment["HOME"])
        reader.completeAccounts(environment: environment, workspace: workspace, own: own, in: &configuration)
        reader.checkReferences(in: configuration)
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        return configuration
    }

    private mutating func expandTrustedFolders(home: String?) {
        trustedFolders = trustedFolders.compactMap { folder in
            var folder = folder
            if folder.hasPrefix("~") {
                // Without a home `~` is no folder; an empty one would make it the beginning of every path.
                guard let home, home.hasPrefix("/") else { return nil }
                folder = home + folder.dropFirst()
            }
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            return folder
        }
    }
}

/// `~/.config/satchel/config.yaml` for people, where the path is below their home.
private func abbreviated(_ path: String, home: String?) -> String {
    guard let home, home.count > 1, path.hasPrefix(home + "/") else { return printable(path) }
    return "~" + printable(String(path.dropFirst(home.count)))
}

extension SettingsReader {
    fileprivate mutating func applyFile(
        _ path: String,
        shown: String,
        layer: Layer,
        isRequired: Bool = false,
        read: (String) throws(UnreadableConfiguration) -> ConfigurationFile?,
        to configuration: inout Configuration
    ) {
        do throws(UnreadableConfiguration) {
            guard let file = try read(path) else {
                if isRequired { problems.append(missingUserFile(shown)) }
                return
            }
            guard file.bytes.count <= ConfigurationFile.sizeLimit else { throw UnreadableConfiguration.tooLarge }
            do {
                guard let root = try parseYAML(file.bytes, file: shown) else { return }
                apply(root, of: shown, layer: layer, isPrivate: file.isPrivate, to: &configuration)
            } catch {
                problems += error.problems
            }
        } catch {
            let message = "cannot be read: \(error.reason)"
            problems.append(ConfigurationProblem(place: shown, key: nil, message: message))
        }
    }

    private func missingUserFile(_ shown: String) -> ConfigurationProblem {
        ConfigurationProblem(
            place: "SATCHEL_CONFIG",
            key: nil,
            message: "there is no file \(shown); create it, or unset the variable"
        )
    }

    /// An empty variable says nothing, as in the shell's `${NAME:-default}`.
    fileprivate mutating func applyEnvironment(
        _ environment: [String: String],
        to configuration: inout Configuration
    ) {
        for setting in Configuration.settings {
            guard let name = setting.environment, let text = environment[name], !text.isEmpty else { continue }
            let node =
                setting.isList ? list(text.split(separator: ":").map { String($0) }) : scalar(text)
            apply(setting, node, from: .environment(name), to: &configuration)
        }
    }

    fileprivate mutating func applyOverrides(
        _ overrides: [Configuration.Override],
        to configuration: inout Configuration
    ) {
        for override in overrides {
            guard let setting = Configuration.settings.first(where: { $0.name == override.name }) else {
                let message = "there is no setting \(override.name)"
                problems.append(ConfigurationProblem(place: override.flag, key: nil, message: message))
                continue
            }
            let node = setting.isList ? list(override.values) : scalar(override.values.last ?? "")
            apply(setting, node, from: .flag(override.flag), to: &configuration)
        }
    }

    private func scalar(_ text: String) -> YAMLNode { YAMLNode(content: .scalar(text, isPlain: text.isEmpty)) }

    private func list(_ items: [String]) -> YAMLNode { YAMLNode(content: .list(items.map(scalar))) }
}
