internal import SatchelCore
internal import SatchelRemote

extension AccountConfiguration {
    /// Where requests of the account go.
    ///
    /// `key` is nil where the server wants none.
    func endpoint(key: Secret?) throws(EndpointError) -> Endpoint {
        try Endpoint(
            baseURL: baseURL ?? "",
            key: key,
            organisation: organisation,
            project: project,
            apiVersion: apiVersion,
            extraHeaders: headers.map { ($0.name, $0.value) }
        )
    }

    /// Tells this account's ids from those of any other key, organisation or project; the key cannot be read from it.
    func fingerprint(of key: Secret?, _ hashing: any Hashing) -> String {
        [key?.fingerprint(hashing) ?? "", organisation ?? "", project ?? ""].joined(separator: "/")
    }
}

extension Endpoint {
    /// What the user of an account is told before the key goes out readable for everyone on the way; nil elsewhere.
    func warning(of account: String) -> String? {
        sendsKeyInClear ? "\(account): the key goes to \(host) unencrypted; use https in base_url" : nil
    }
}

extension Secret {
    init?(_ key: ResolvedKey) { self.init(String(decoding: key.bytes, as: UTF8.self)) }
}
