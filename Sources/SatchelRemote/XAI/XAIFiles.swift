package import FoundationEssentials
package import SatchelCore

/// xAI's Files API: one file at a time it is OpenAI's, but a listing goes on by token.
///
/// Everything is the team's: a listing shows the files of all its members.
package struct XAIFiles: FileProvider {
    private let shared: OpenAIFiles

    /// - Parameters:
    ///   - endpoint: whose files.
    ///   - client: shared by all providers of a process.
    ///   - hashing: for the digest of what went out.
    package init(_ endpoint: Endpoint, client: HTTPClient, hashing: any Hashing) {
        let exchange = FilesExchange(endpoint, client: client, hashing: hashing, dialect: .xAI)
        // The purpose is a label that nobody reads; this is the usual one.
        shared = OpenAIFiles(exchange, traits: .xAI, purpose: "assistants")
    }

    package var traits: ProviderTraits { shared.traits }

    package var serverTime: Date? { shared.serverTime }

    /// The fields come before the file, which is stored while it arrives: what follows it is refused.
    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] { await shared.upload(batch) }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await shared.retrieve(id)
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) { try await shared.delete(id) }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await shared.download(id, upTo: limit)
    }

    /// `GET /files?limit&order=asc&sort_by=created_at&pagination_token`; without `sort_by` no order is promised.
    ///
    /// The cursor is the last id of the page and the token behind it.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let place = (cursor ?? "").split(separator: "\n", maxSplits: 1).map(String.init)
        let (reply, _) = try await page(order: "asc", limit: traits.listPage, token: place.count == 2 ? place[1] : nil)
        // There may be a token on the last page too, which leads to an empty one. A page that is the one before again
        // is the end as well.
        guard let last = reply.files.last, last.id != place.first else { return RemotePage(files: [], next: nil) }
        return RemotePage(
            files: reply.files.compactMap(\.remoteFile),
            next: reply.token.map { "\(last.id)\n\($0)" }
        )
    }

    /// Looks through the newest files, a thousand at most; older than `createdAfter` ends the search.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        var token: String?
        var before: String?
        for _ in 0..<10 {
            let (reply, head) = try await page(order: "desc", limit: 100, token: token)
            let wanted = WantedCopy(name: uploadName, size: size, createdAfter: createdAfter, head: head)
            if let found = wanted.find(in: reply.files) { return found }
            guard let last = reply.files.last, last.id != before, reply.token != nil, wanted.mayFollow(last) else {
                return nil
            }
            (token, before) = (reply.token, last.id)
        }
        return nil
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await shared.exchange.ability { () throws(ProviderError) in
            _ = try await page(order: "asc", limit: 1, token: nil)
        }
    }

    private func page(
        order: String,
        limit: Int,
        token: String?
    ) async throws(ProviderError) -> (FileListReply, HTTPHead) {
        let query = "limit=\(limit)&order=\(order)&sort_by=created_at"
        return try await shared.page(query + (token.map { "&pagination_token=" + percentEncoded($0) } ?? ""))
    }
}
