/// Finds the user's own list of ignored files as git does.
///
/// `core.excludesFile` of the system's, the user's and the repository's configuration, the last one that sets it;
/// without any, `$XDG_CONFIG_HOME/git/ignore`, or `~/.config/git/ignore`.
struct GlobalExcludes {
    let environment: [String: String]
    /// Where relative paths start: the top of the working tree, or the workspace outside of a repository.
    let top: String

    private var home: String? { environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } }

    private var configurationHome: String? {
        if let folder = environment["XDG_CONFIG_HOME"], !folder.isEmpty { return folder }
        return home.map { joined($0, ".config") }
    }

    /// The absolute path of the list; nil when there is no place it could be.
    func path(repository: GitRepository?) -> String? {
        var files: [String] = []
        if environment["GIT_CONFIG_NOSYSTEM"].map(isFalse) ?? true {
            files.append(environment["GIT_CONFIG_SYSTEM"] ?? "/etc/gitconfig")
        }
        if let global = environment["GIT_CONFIG_GLOBAL"] {
            files.append(global)
        } else {
            if let folder = configurationHome { files.append(joined(folder, "git/config")) }
            if let home { files.append(joined(home, ".gitconfig")) }
        }
        if let repository { files.append(joined(repository.commonFolder, "config")) }

        var found: String?
        for file in files { read(file, into: &found, depth: 0) }
        if let found { return found.isEmpty ? nil : joined(top, expanded(found)) }
        return configurationHome.map { joined($0, "git/ignore") }
    }

    /// How people know the file: with `~` for their home.
    func shown(_ path: String) -> String {
        guard let home, path.hasPrefix(joined(home, "")) else { return path }
        return joined("~", String(path.dropFirst(joined(home, "").count)))
    }

    private func read(_ file: String, into found: inout String?, depth: Int) {
        // An unreadable one is git's to complain about; ten levels of inclusion are git's own limit.
        guard depth < 10, !file.isEmpty, let bytes = try? readSettings(at: file, followsLink: true) else { return }
        for setting in GitConfig(parsing: bytes).settings {
            switch setting.name {
            case "core.excludesfile":
                found = setting.value
            case "include.path":
                read(joined(parent(of: file) ?? "/", expanded(setting.value)), into: &found, depth: depth + 1)
            default: break
            }
        }
    }

    private func expanded(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home else { return path }
        return joined(home, String(path.dropFirst(2)))
    }

    private func isFalse(_ value: String) -> Bool {
        ["", "0", "false", "no", "off"].contains(value.lowercased())
    }
}
