internal import SatchelCore

/// Puts what one file, variable or flag says into a configuration and gathers what is wrong with it.
struct SettingsReader {
    /// Which of the user's own and the workspace's file is read.
    enum Layer {
        case user
        case workspace
    }

    var problems: [ConfigurationProblem] = []

    /// Applies one document.
    mutating func apply(
        _ root: YAMLNode,
        of file: String,
        layer: Layer,
        isPrivate: Bool,
        to configuration: inout Configuration
    ) {
        let origin = Origin(file: file, layer: layer, isPrivate: isPrivate)
        guard case .mapping(let pairs) = root.content else {
            report(root, origin, key: nil, "expected settings such as \"ttl: 24h\", found \(root.found)")
            return
        }
        for (key, value) in pairs {
            guard let name = key.text else {
                report(key, origin, key: nil, "expected the name of a setting, found \(key.found)")
                continue
            }
            if name == "accounts" {
                applyAccounts(value, origin, to: &configuration)
            } else if let group = groups[name] {
                applyGroup(value, name, members: group, origin, to: &configuration)
            } else if let setting = Configuration.settings.first(where: { $0.name == name }) {
                apply(setting, name: name, key: key, value: value, origin, to: &configuration) { $0.sources[name] = $1 }
            } else {
                let candidates = Configuration.settings.map(\.name) + ["accounts"]
                unknown(key, name, origin, within: nil, candidates: candidates)
            }
        }
    }

    /// Applies what a variable or a flag says.
    mutating func apply(
        _ setting: Setting<Configuration>,
        _ node: YAMLNode,
        from source: ConfigurationSource,
        to configuration: inout Configuration
    ) {
        let place = source.description
        let input = SettingInput(node: node, source: source, origin: place, isPrivate: false)
        do {
            try setting.read(input, &configuration)
            configuration.sources[setting.name] = source
        } catch {
            for error in [error] + error.others {
                let message = error.message ?? "expected \(setting.expected), found \(node.found)"
                problems.append(ConfigurationProblem(place: place, key: nil, message: message))
            }
        }
    }

    private mutating func applyGroup(
        _ node: YAMLNode,
        _ group: String,
        members: [String],
        _ origin: Origin,
        to configuration: inout Configuration
    ) {
        if node.isNothing { return }
        guard case .mapping(let pairs) = node.content else {
            let example = members.first ?? ""
            report(node, origin, key: group, "expected settings such as \(example) below it, found \(node.found)")
            return
        }
        for (key, value) in pairs {
            let name = "\(group).\(key.text ?? "")"
            if let setting = Configuration.settings.first(where: { $0.name == name }) {
                apply(setting, name: name, key: key, value: value, origin, to: &configuration) { $0.sources[name] = $1 }
            } else {
                unknown(key, key.text ?? key.found, origin, within: group, candidates: members)
            }
        }
    }

    private mutating func applyAccounts(_ node: YAMLNode, _ origin: Origin, to configuration: inout Configuration) {
        if node.isNothing { return }
        guard case .mapping(let pairs) = node.content else {
            report(node, origin, key: "accounts", "expected names with their settings below it, found \(node.found)")
            return
        }
        for (key, value) in pairs {
            guard let name = key.text, isAccountName(name) else {
                report(
                    key,
                    origin,
                    key: "accounts",
                    "expected a name of letters, digits, ., _ and -, found \(key.found)"
                )
                continue
            }
            let index = configuration.accounts.firstIndex { $0.name == name } ?? configuration.accounts.endIndex
            if index == configuration.accounts.endIndex {
                var account = AccountConfiguration(name: name)
                account.source = origin.source(line: key.line)
                configuration.accounts.append(account)
            }
            applyAccount(value, name, origin, to: &configuration.accounts[index])
        }
    }

    private mutating func applyAccount(
        _ node: YAMLNode,
        _ account: String,
        _ origin: Origin,
        to target: inout AccountConfiguration
    ) {
        if node.isNothing { return }
        let prefix = "accounts.\(account)"
        guard case .mapping(let pairs) = node.content else {
            // What stands here may be the key itself, so it is not repeated.
            report(node, origin, key: prefix, "expected settings such as kind and key_env below it")
            return
        }
        for (key, value) in pairs {
            let name = key.text ?? key.found
            if let setting = AccountConfiguration.settings.first(where: { $0.name == name }) {
                apply(setting, name: "\(prefix).\(name)", key: key, value: value, origin, to: &target) {
                    $0.sources[name] = $1
                }
            } else {
                unknown(key, name, origin, within: prefix, candidates: AccountConfiguration.settings.map(\.name))
            }
        }
    }

    private mutating func apply<Root>(
        _ setting: Setting<Root>,
        name: String,
        key: YAMLNode,
        value: YAMLNode,
        _ origin: Origin,
        to root: inout Root,
        remember: (inout Root, ConfigurationSource) -> Void
    ) {
        if setting.isPersonal, origin.layer == .workspace {
            report(key, origin, key: name, "only your own file may say this, not a workspace's; move it there")
            return
        }
        let source = origin.source(line: key.line)
        let input = SettingInput(node: value, source: source, origin: origin.file, isPrivate: origin.isPrivate)
        do {
            try setting.read(input, &root)
            remember(&root, source)
        } catch {
            for error in [error] + error.others {
                let message = error.message ?? "expected \(setting.expected), found \(value.found)"
                report(error.node ?? value, origin, key: name, message)
            }
        }
    }

    private mutating func report(_ node: YAMLNode, _ origin: Origin, key: String?, _ message: String) {
        let place = "\(origin.file):\(node.line):\(node.column)"
        problems.append(ConfigurationProblem(place: place, key: key, message: message))
    }

    /// Says what was probably meant, also when that is a setting of another group.
    private mutating func unknown(
        _ key: YAMLNode,
        _ name: String,
        _ origin: Origin,
        within group: String?,
        candidates: [String]
    ) {
        let known = candidates + groups.keys.sorted()
        var meant = nearestName(to: name, among: group == nil ? known : candidates)
        if meant == nil || group != nil {
            // Exactly this name, but elsewhere: `quiet` at the top, `ttl` below `watch`.
            let elsewhere = Configuration.settings.map(\.name).first { $0 == name || $0.hasSuffix(".\(name)") }
            meant = elsewhere ?? meant
        }
        let shown = withoutKeys(name)
        let whole = group.map { "\($0).\(shown)" } ?? shown
        let here = group == nil ? Set(known.map { $0.prefix { $0 != "." } }).sorted() : candidates.map { $0[...] }
        let hint =
            if let group, meant == name {
                "it stands at the top, not below \(group)"
            } else if let meant {
                "did you mean \(meant)?"
            } else {
                "there are \(here.joined(separator: ", "))"
            }
        report(key, origin, key: whole, "there is no such setting; \(hint)")
    }
}

/// The file that is being read.
private struct Origin {
    var file: String
    var layer: SettingsReader.Layer
    var isPrivate: Bool

    func source(line: Int) -> ConfigurationSource {
        switch layer {
        case .user: .userFile(file, line: line)
        case .workspace: .workspaceFile(file, line: line)
        }
    }
}

/// The settings that stand below another key, such as `quiet` below `watch`.
private let groups: [String: [String]] = {
    var groups: [String: [String]] = [:]
    for name in Configuration.settings.map(\.name) {
        let parts = name.split(separator: ".")
        if parts.count == 2 { groups[String(parts[0]), default: []].append(String(parts[1])) }
    }
    return groups
}()
