package import FoundationEssentials
package import SatchelCore

/// Anthropic's Files API.
///
/// Files belong to the workspace of the key, cannot be changed, renamed or fetched back, and are usable at once. An
/// expired one can still be described and listed for up to 30 days: here it does not exist any more. Facts are from
/// Anthropic's guide and SDK 2.11 (2026).
package struct AnthropicFiles: FileProvider {
    package let traits: ProviderTraits
    private let exchange: FilesExchange

    /// - Parameters:
    ///   - endpoint: whose files.
    ///   - traits: `.anthropic`, perhaps with limits changed.
    ///   - client: shared by all providers of a process.
    ///   - hashing: for the digest of what went out.
    package init(
        _ endpoint: Endpoint,
        traits: ProviderTraits = .anthropic,
        client: HTTPClient,
        hashing: any Hashing
    ) {
        self.traits = traits
        exchange = FilesExchange(endpoint, client: client, hashing: hashing, dialect: .anthropic)
    }

    package var serverTime: Date? { exchange.clock.now }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        await exchange.each(batch, atOnce: traits.parallelUploads) { upload throws(ProviderError) in
            try await send(upload)
        }
    }

    /// Newest first: Anthropic sorts no other way.
    ///
    /// The cursor is the provider's own and the first id of the page it came with: a gateway that ignores cursors
    /// answers the same page for ever.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let place = cursor?.split(separator: "\n").map(String.init) ?? []
        let (reply, now) = try await page(limit: traits.listPage, after: place.first)
        let first = reply.files.first?.id
        if let first, first == place.last { return RemotePage(files: [], next: nil) }
        let next = reply.next == place.first ? nil : reply.next
        return RemotePage(
            files: reply.files.filter { $0.isLive(at: now) }.compactMap(\.remoteFile),
            next: next.map { "\($0)\n\(first ?? "")" }
        )
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        let found = try await exchange.describe(try url(of: id), headers: headers) { response in
            decodeReply(AnthropicFileObject.self, from: response.body).flatMap { file in
                file.remoteFile.map { (file: $0, isLive: file.isLive(at: response.head.serverTime)) }
            }
        }
        return found.flatMap { $0.isLive ? $0.file : nil }
    }

    /// `GET /v1/files?ids[]=…&ids[]=…`: what is not there is left out of the answer.
    package func retrieve(_ ids: [RemoteFileID]) async throws(ProviderError) -> [RemoteFile] {
        var found: [RemoteFile] = []
        var rest = Set(ids).sorted { $0.rawValue < $1.rawValue }[...]
        while !rest.isEmpty {
            let batch = rest.prefix(traits.checkBatch)
            rest = rest.dropFirst(batch.count)
            let query = batch.map { "ids%5B%5D=" + percentEncoded($0.rawValue) }.joined(separator: "&")
            let (reply, now) = try await page("?" + query)
            let wanted = Set(batch.map(\.rawValue))
            if reply.files.allSatisfy({ wanted.contains($0.id) }) {
                found += reply.files.filter { $0.isLive(at: now) }.compactMap(\.remoteFile)
            } else {
                // A gateway that lists whatever it likes: what is missing there need not be gone.
                for id in batch {
                    if let file = try await retrieve(id) { found.append(file) }
                }
            }
        }
        return found
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await exchange.delete(try url(of: id), headers: headers)
    }

    /// Refused for everything that was uploaded.
    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await exchange.download(try url(of: id) + "/content", headers: headers, upTo: limit)
    }

    /// Looks through the newest files; older than `createdAfter` ends the search.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        var after: String?
        for _ in 0..<10 {
            let (reply, theirNow) = try await page(limit: 100, after: after)
            // Their clock is what their times are in; five seconds are for what it is read late.
            let earliest = createdAfter + theirNow.timeIntervalSince(Date()) - 5
            for file in reply.files where file.name == uploadName && file.size == size {
                if (file.createdAt ?? earliest) >= earliest, file.isLive(at: theirNow), let found = file.remoteFile {
                    return found
                }
            }
            guard let next = reply.next, next != after, let last = reply.files.last,
                (last.createdAt ?? earliest) >= earliest
            else { return nil }
            after = next
        }
        return nil
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await exchange.ability { () throws(ProviderError) in _ = try await page(limit: 1, after: nil) }
    }
}

// MARK: The wire

extension AnthropicFiles {
    private var headers: [HTTPHeader] {
        exchange.endpoint.anthropicHeaders + [HTTPHeader("Accept", "application/json")]
    }

    private func url(of id: RemoteFileID) throws(ProviderError) -> String {
        try exchange.url(of: id, in: exchange.endpoint.anthropicPath("/files"))
    }

    private func send(_ upload: Upload) async throws(ProviderError) -> RemoteFile {
        var form = MultipartForm(fileName: upload.name, mime: upload.mime)
        if let seconds = upload.expiresAfter {
            form.fields.append(HTTPHeader("expires_in_seconds", String(seconds)))
        }
        return try await exchange.send(
            upload,
            as: form,
            to: exchange.endpoint.anthropicPath("/files"),
            headers: headers,
            described: { decodeReply(AnthropicFileObject.self, from: $0)?.remoteFile },
            delete: { id throws(ProviderError) in try await delete(id) }
        )
    }

    private func page(limit: Int, after cursor: String?) async throws(ProviderError) -> (AnthropicFilePage, Date) {
        try await page("?limit=\(limit)" + (cursor.map { "&page=" + percentEncoded($0) } ?? ""))
    }

    /// A page, and the time it was made at by the provider's clock.
    private func page(_ query: String) async throws(ProviderError) -> (AnthropicFilePage, Date) {
        let (page, head): (AnthropicFilePage, HTTPHead) = try await exchange.page(
            exchange.endpoint.anthropicURL("/files" + query),
            headers: headers
        )
        return (page, head.serverTime)
    }
}

extension HTTPHead {
    /// When the server answered by its own clock, in which it also says when files end; ours where it does not say.
    fileprivate var serverTime: Date {
        self["date"].flatMap { secondsSince1970(httpDate: $0) }.map { Date(timeIntervalSince1970: $0) } ?? Date()
    }
}
