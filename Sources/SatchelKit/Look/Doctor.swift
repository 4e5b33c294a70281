internal import FoundationEssentials
internal import Glibc
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// One thing that was looked at.
package struct DoctorCheck: Hashable, Sendable {
    package var name: String
    package var isGood: Bool
    package var detail: String
    /// What to do about it, when it is not good; also what else has to be known.
    package var hint: String?
}

/// Looks at everything a sync depends on; changes nothing and needs no workspace.
package func examine(_ context: Context) async -> [DoctorCheck] {
    var checks = [checkInotify(), checkClock(context)]
    guard let root = findWorkspace(from: context.directory) else {
        checks.append(
            DoctorCheck(
                name: "workspace",
                isGood: false,
                detail: "\(escaped(context.directory.utf8)) is not in a workspace",
                hint: "run satchel init in the project's folder"
            )
        )
        return checks
    }
    checks.append(checkDisk(root))
    do {
        let workspace = try Workspace(at: root, context: context)
        checks.append(DoctorCheck(name: "workspace", isGood: true, detail: escaped(root.utf8)))
        checks.append(DoctorCheck(name: "configuration", isGood: true, detail: workspace.configurationDetail))
        checks.append(await workspace.checkManifest())
        for account in workspace.configuration.accounts {
            checks.append(await workspace.check(account))
        }
    } catch {
        checks.append(
            DoctorCheck(name: "workspace", isGood: false, detail: "\(error)", hint: "mend what the message names")
        )
    }
    return checks
}

private func checkInotify() -> DoctorCheck {
    func limit(_ name: String) -> Int? { readSmallFile("/proc/sys/fs/inotify/\(name)").flatMap { Int($0) } }
    func shown(_ number: Int?) -> String { number.map { "\($0)" } ?? "unknown" }
    let (watches, instances) = (limit("max_user_watches"), limit("max_user_instances"))
    let use = InotifyUse.now()
    var hint: String?
    if let instances, use.instances >= instances {
        // One for each watch of a workspace, of an editor, of a build tool.
        let more = max(512, instances * 2)
        hint = "no further watch can start; raise it with: sysctl fs.inotify.max_user_instances=\(more)"
    } else if (watches ?? 0) < 8192 {
        hint = "raise it with: sysctl fs.inotify.max_user_watches=524288"
    } else if let watches, use.watches * 10 >= watches * 9 {
        hint = "nearly used up; raise it with: sysctl fs.inotify.max_user_watches=\(max(524_288, watches * 2))"
    }
    return DoctorCheck(
        name: "inotify",
        isGood: hint == nil,
        detail:
            "\(use.instances) of \(shown(instances)) instances, \(use.watches) of \(shown(watches)) watches, "
            + "\(shown(limit("max_queued_events"))) queued events",
        hint: hint
    )
}

private func checkClock(_ context: Context) -> DoctorCheck {
    let now = context.now()
    // Older than this program: no certificate and no expiry can be right.
    let isGood = now > Date(timeIntervalSince1970: 1_767_225_600)
    return DoctorCheck(
        name: "clock",
        isGood: isGood,
        detail: now.formatted(.iso8601),
        hint: isGood ? nil : "set the clock: expiry and certificates depend on it"
    )
}

private func checkDisk(_ root: String) -> DoctorCheck {
    var status = statvfs()
    guard statvfs(root, &status) == 0 else {
        return DoctorCheck(
            name: "disk",
            isGood: false,
            detail: String(cString: strerror(errno)),
            hint: "check the folder"
        )
    }
    let free = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    let isGood = free >= 100_000_000
    return DoctorCheck(
        name: "disk",
        isGood: isGood,
        detail: "\(ByteCount(free)) free",
        hint: isGood ? nil : "free some space: the local store and the manifest need it"
    )
}

private func readSmallFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer.prefix(count), as: UTF8.self).filter { $0 != "\n" }
}

extension Workspace {
    fileprivate var configurationDetail: String {
        "default account \(configuration.defaultAccountName), ttl \(configuration.ttl)"
    }

    fileprivate func checkManifest() async -> DoctorCheck {
        do {
            let problem = try await manifest.integrityProblem()
            return DoctorCheck(
                name: "manifest",
                isGood: problem == nil,
                detail: problem ?? "sound",
                hint: problem == nil ? nil : "move .satchel/manifest.db away and run satchel remote reconcile --adopt"
            )
        } catch {
            return DoctorCheck(name: "manifest", isGood: false, detail: "\(error)", hint: "see the message")
        }
    }

    fileprivate func check(_ account: AccountConfiguration) async -> DoctorCheck {
        let name = "account \(account.name)"
        guard account.kind != .local else {
            return DoctorCheck(name: name, isGood: true, detail: "local store in .satchel/objects")
        }
        do {
            guard let key = try await account.resolveKey(environment: context.environment) else {
                return await probe(account, key: nil, name: name)
            }
            return await probe(account, key: Secret(key), name: name)
        } catch {
            return DoctorCheck(
                name: name,
                isGood: false,
                detail: "\(error)",
                hint: "set the key, or remove the account"
            )
        }
    }

    private func probe(_ account: AccountConfiguration, key: Secret?, name: String) async -> DoctorCheck {
        do {
            let endpoint = try account.endpoint(key: key)
            var check = await probe(endpoint, of: account.kind, name: name)
            let hints = [check.hint, endpoint.warning(of: account.name)].compactMap(\.self)
            check.hint = hints.isEmpty ? nil : hints.joined(separator: "; ")
            return check
        } catch {
            return DoctorCheck(name: name, isGood: false, detail: "\(error)", hint: "check base_url and the network")
        }
    }

    private func probe(_ endpoint: Endpoint, of kind: ProviderID, name: String) async -> DoctorCheck {
        let shown = endpoint.key.map { ", key \($0)" } ?? ""
        do {
            let files = RemoteProviders(client: http, hashing: hashing).files(of: kind, at: endpoint)
            switch try await files?.probe() ?? .noFiles {
            case .hasFiles:
                return DoctorCheck(name: name, isGood: true, detail: "\(endpoint.baseURL)\(shown), Files API answers")
            case .noFiles:
                return DoctorCheck(
                    name: name,
                    isGood: true,
                    detail: "\(endpoint.baseURL), no Files API: text is inlined"
                )
            case .needsKey:
                return DoctorCheck(
                    name: name,
                    isGood: false,
                    detail: "\(endpoint.baseURL)\(shown): the key was refused",
                    hint: "check the key and its project"
                )
            }
        } catch {
            return DoctorCheck(name: name, isGood: false, detail: "\(error)", hint: "check base_url and the network")
        }
    }
}
