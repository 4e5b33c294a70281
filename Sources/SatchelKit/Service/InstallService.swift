internal import FoundationEssentials
internal import Glibc
internal import SatchelCore
internal import SatchelWorkspace

/// The systemd user unit of a workspace, and what is in its place now.
package struct ServiceFile: Sendable {
    /// What is in the unit's place.
    package enum Standing: Hashable, Sendable {
        case missing
        /// Word for word what would be written.
        case same
        /// Written by Satchel, and different.
        case older
        /// Somebody else's, who keeps it.
        case foreign
    }

    /// `satchel-notes-1f0c2a9b.service`.
    package var name: String
    /// Absolute.
    package var path: String
    package var text: String
    package var standing: Standing
    /// Where variables that hold keys can be put for it, one `NAME=value` a line.
    package var environmentFile: String
    /// Of the environment file.
    package var environmentFolder: String
    /// Variables that hold a key now and will not when the service runs.
    package var keyVariables: [String]
    /// Others than the owner may read the environment file.
    package var environmentFileIsOpen: Bool
}

extension Workspace {
    /// The unit that keeps this workspace in step, without writing it.
    ///
    /// - Parameter name: the account; nil for the one that is the default now.
    /// - Returns: the unit.
    /// - Throws: ``WorkspaceError`` when there is no such account, or no folder for it.
    package func serviceFile(account name: String?) throws -> ServiceFile {
        let account = try configuration.account(named: name)
        var environment = context.environment
        // The service is started elsewhere.
        if let file = environment["SATCHEL_CONFIG"], !file.isEmpty, !file.hasPrefix("/"), let here = resolvedPath(".") {
            environment["SATCHEL_CONFIG"] = "\(here)/\(file)"
        }
        guard let program = ownProgram() else {
            throw WorkspaceError(.cannotStart, "/proc/self/exe: cannot be read; mount /proc")
        }
        let home = try configurationHome(environment)
        let environmentFile = "\(home)/satchel/watch.env"
        // Any account may be asked for beside the watched one.
        let runsKeyCommand = configuration.accounts.contains { $0.keyCommand != nil }
        // What decides where configuration and shared limits are, and which program `key_command` means; and every
        // setting that a variable decides now. Keys are no settings.
        let usual = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "SATCHEL_CONFIG"] + (runsKeyCommand ? ["PATH"] : [])
        let wanted = usual + configuration.deciding.sorted().filter { !usual.contains($0) }
        let unit = ServiceUnit(
            program: Array(program.utf8),
            root: Array(root.utf8),
            account: account.name,
            environmentFile: Array(environmentFile.utf8),
            variables: wanted.compactMap { variable in
                environment[variable].map { ServiceUnit.Variable(name: variable, value: Array($0.utf8)) }
            },
            runsKeyCommand: runsKeyCommand,
            digest: rootDigest
        )
        let path = "\(home)/systemd/user/\(unit.name)"
        let isKeyInEnvironment = account.keyCommand == nil && account.literalKey == nil
        let variables = account.keyEnvironment.filter { environment[$0, default: ""].isEmpty == false }.prefix(1)
        return ServiceFile(
            name: unit.name,
            path: path,
            text: unit.text,
            standing: try standing(of: path, comparedTo: unit.text),
            environmentFile: environmentFile,
            environmentFolder: "\(home)/satchel",
            keyVariables: isKeyInEnvironment ? Array(variables) : [],
            environmentFileIsOpen: isOpenToOthers(environmentFile)
        )
    }

    /// Writes the unit, unless somebody else wrote what is there.
    package func install(_ service: ServiceFile) throws {
        guard service.standing != .foreign else { throw foreign(service.path) }
        let folder = service.path.dropLast(service.name.utf8.count + 1)
        makeFolders(String(folder))
        guard let path = WorkspacePath(service.name.utf8) else { return }
        do {
            let reader = try MemorySource(bytes: Array(service.text.utf8)).open()
            // It is run at every login: nobody else may write to it, whatever the umask allows.
            try writeFile(path, in: String(folder), replaces: true, permissions: 0o644, from: reader)
        } catch let error as WriteError {
            throw WorkspaceError(.cannotStart, "\(printable(service.path)): \(error.message)")
        }
    }

    /// Takes the unit away, with the link that starts it at login.
    ///
    /// - Returns: its path and its name; whether there was one.
    /// - Throws: ``WorkspaceError`` when somebody else wrote it.
    package func uninstallService(isDryRun: Bool) throws -> (path: String, name: String, wasThere: Bool) {
        let folder = "\(try configurationHome(context.environment))/systemd/user"
        let name = ServiceUnit.name(root: Array(root.utf8), digest: rootDigest)
        let path = "\(folder)/\(name)"
        switch try standing(of: path, comparedTo: nil) {
        case .missing: return (path, name, false)
        case .foreign: throw foreign(path)
        case .same, .older: break
        }
        if !isDryRun {
            unlink("\(folder)/default.target.wants/\(name)")
            guard unlink(path) == 0 else {
                throw WorkspaceError(.cannotStart, "\(printable(path)): \(systemError(errno)); remove it by hand")
            }
        }
        return (path, name, true)
    }

    /// Whether a service manager started this process and wants to hear of it.
    package var isService: Bool { context.environment["NOTIFY_SOCKET"] != nil }

    private var rootDigest: String { hashing.digest(of: Array(root.utf8)).hex }

    private func foreign(_ path: String) -> WorkspaceError {
        WorkspaceError(
            .cannotStart,
            "\(printable(path)): not written by satchel watch --install; move it away first"
        )
    }

    private func configurationHome(_ environment: [String: String]) throws -> String {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder }
        if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.config" }
        throw WorkspaceError(.cannotStart, "systemd user units: neither XDG_CONFIG_HOME nor HOME is set; set one")
    }

    private func standing(of path: String, comparedTo text: String?) throws -> ServiceFile.Standing {
        let bytes: [UInt8]
        do {
            guard let file = try readConfigurationFile(path) else { return .missing }
            bytes = file.bytes
        } catch {
            throw WorkspaceError(.cannotStart, "\(printable(path)): \(error.reason)")
        }
        if let text, Array(text.utf8) == bytes { return .same }
        return bytes.starts(with: ServiceUnit.marker.utf8) ? .older : .foreign
    }
}

extension Configuration {
    /// The variables that decide something.
    fileprivate var deciding: Set<String> {
        let all = Array(sources.values) + accounts.flatMap { $0.sources.values }
        return Set(
            all.compactMap { source in
                if case .environment(let name) = source { name } else { nil }
            }
        )
    }
}

private func isOpenToOthers(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & 0o077 != 0
}

/// The absolute path of the running program.
private func ownProgram() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
}
