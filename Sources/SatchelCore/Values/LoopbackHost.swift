/// True for a host that leads to this machine only: `localhost`, `[::1]`, and addresses from `127.0.0.0/8` written out.
///
/// A name that merely begins like such an address may be anybody's.
package func isLoopbackHost(_ host: some StringProtocol) -> Bool {
    let host = host.lowercased()
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}
