internal import SatchelCore

/// True for a folder that is one of `folders` or below one.
func isTrusted(_ folder: String, by folders: [String]) -> Bool {
    folders.contains { folder == $0 || folder.hasPrefix($0 == "/" ? "/" : $0 + "/") }
}

/// What an account of an untrusted workspace may not do; nil when there is nothing of the kind.
///
/// A folder that was cloned or unpacked brings its own `satchel.yaml`. Which files it selects is harmless; that it runs a
/// command, or has files and a key sent to a server of its choice, is for the user to allow. So is which of the user's
/// variables goes out as a key, to whom the key of an account goes, and what is sent beside it.
///
/// - Parameters:
///   - account: complete.
///   - own: what the user's own file says of the account of that name.
///   - workspace: the folder.
/// - Returns: what is told instead of using the account.
func distrust(
    _ account: AccountConfiguration,
    own: AccountConfiguration?,
    in workspace: String
) -> KeyError? {
    guard let wish = strangersWish(account, own: own) else { return nil }
    let folder = printable(workspace)
    return KeyError(
        "account \(account.name): satchel.yaml wants \(wish); move the account to your own configuration "
            + "(satchel config path), or add \"\(folder)\" to trusted_folders there"
    )
}

private func strangersWish(_ account: AccountConfiguration, own: AccountConfiguration?) -> String? {
    let says = { account.source(of: $0).isWorkspace }
    let kind = account.kind
    if says("key_command") { return "to run a command for the key" }
    if says("kind"), let own, kind != own.saidKind { return "another kind (\(kind.rawValue)) for an account of yours" }
    if says("base_url"), let url = account.baseURL, !isLoopback(url), url != own?.baseURL ?? kind.publicBaseURL {
        return "files and the key sent to \(url)"
    }
    if says("key_env") {
        let usual = own.map(\.keyEnvironment).flatMap { $0.isEmpty ? nil : $0 } ?? kind.keyVariables
        if let variable = account.keyEnvironment.first(where: { !usual.contains($0) }) {
            return "the variable \(variable) sent as the key"
        }
    }
    if says("headers"), !account.headers.isEmpty { return "headers of its own sent with every request" }
    return nil
}

extension AccountConfiguration {
    /// The kind, as far as it was written down or the name says it.
    fileprivate var saidKind: ProviderID? { kindIsGiven ? kind : ProviderID(rawValue: name) }
}
