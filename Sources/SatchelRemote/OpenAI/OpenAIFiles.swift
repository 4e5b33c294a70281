package import FoundationEssentials
package import SatchelCore

/// The Files API of OpenAI, and of every server that speaks like it.
///
/// Facts are from OpenAI's published specification and SDK (2026); what gateways do differently was seen in their
/// replies.
package struct OpenAIFiles: FileProvider {
    package let traits: ProviderTraits
    let exchange: FilesExchange
    private let purpose: String

    /// - Parameters:
    ///   - endpoint: whose files.
    ///   - traits: `.openAI` or `.openAICompatible`, perhaps with limits changed.
    ///   - client: shared by all providers of a process.
    ///   - hashing: for the digest of what went out.
    package init(
        _ endpoint: Endpoint,
        traits: ProviderTraits = .openAI,
        client: HTTPClient,
        hashing: any Hashing
    ) {
        self.init(FilesExchange(endpoint, client: client, hashing: hashing), traits: traits, purpose: "user_data")
    }

    /// For a relative: with its own dialect in the exchange, and its own word for what files are for.
    init(_ exchange: FilesExchange, traits: ProviderTraits, purpose: String) {
        self.exchange = exchange
        self.traits = traits
        self.purpose = purpose
    }

    package var serverTime: Date? { exchange.clock.now }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        await exchange.each(batch, atOnce: traits.parallelUploads) { upload throws(ProviderError) in
            try await send(upload)
        }
    }

    /// `GET /files?limit&order=asc&after`.
    ///
    /// The cursor holds the last few ids of a page: a server that has deleted the last one meanwhile (OGX answers 400
    /// for it) is asked to go on after the one before.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let candidates = (cursor ?? "").split(separator: "\n").map(String.init)
        var refused: ProviderError?
        for candidate in candidates.isEmpty ? [nil] : candidates.map(Optional.some) {
            do throws(ProviderError) {
                let (reply, _) = try await page(order: "asc", limit: traits.listPage, after: candidate)
                return Self.page(reply, limit: traits.listPage, after: candidate, seen: Set(candidates))
            } catch {
                guard candidate != nil, error.status == 400 || error.status == 404 else { throw error }
                refused = refused ?? error
            }
        }
        throw refused ?? ProviderError(.badReply, "\(exchange.endpoint.host): the listing cannot be continued")
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await exchange.describe(try exchange.url(of: id, in: "/files"), headers: headers) { response in
            decodeReply(FileObject.self, from: response.body)?.remoteFile
        }
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await exchange.delete(try exchange.url(of: id, in: "/files"), headers: headers)
    }

    /// OpenAI refuses this for everything uploaded for chats; others allow it.
    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await exchange.download(
            try exchange.url(of: id, in: "/files") + "/content",
            headers: exchange.endpoint.openAIHeaders + [HTTPHeader("Accept", "application/binary")],
            upTo: limit
        )
    }

    /// Looks through the newest files; older than `createdAfter` ends the search.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        var after: String?
        for _ in 0..<10 {
            let (reply, head) = try await page(order: "desc", limit: 100, after: after)
            let wanted = WantedCopy(name: uploadName, size: size, createdAfter: createdAfter, head: head)
            if let found = wanted.find(in: reply.files) { return found }
            guard reply.hasMore == true, let last = reply.files.last, last.id != after, wanted.mayFollow(last) else {
                return nil
            }
            after = last.id
        }
        return nil
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await exchange.ability { () throws(ProviderError) in
            _ = try await page(order: "asc", limit: 1, after: nil)
        }
    }
}

// MARK: The wire

extension OpenAIFiles {
    private var headers: [HTTPHeader] { exchange.endpoint.openAIHeaders + [HTTPHeader("Accept", "application/json")] }

    private func send(_ upload: Upload) async throws(ProviderError) -> RemoteFile {
        var form = MultipartForm(fileName: upload.name, mime: upload.mime)
        if let seconds = upload.expiresAfter {
            form.fields.append(HTTPHeader("expires_after[anchor]", "created_at"))
            form.fields.append(HTTPHeader("expires_after[seconds]", String(seconds)))
        }
        form.fields.append(HTTPHeader("purpose", purpose))
        return try await exchange.send(
            upload,
            as: form,
            to: "/files",
            headers: headers,
            described: { decodeReply(FileObject.self, from: $0)?.remoteFile },
            delete: { id throws(ProviderError) in try await delete(id) }
        )
    }

    private func page(
        order: String,
        limit: Int,
        after: String?
    ) async throws(ProviderError) -> (FileListReply, HTTPHead) {
        let cursor = after.map { "&after=" + percentEncoded($0) } ?? ""
        return try await page("limit=\(limit)&order=\(order)" + cursor)
    }

    /// The page of a listing that `query` asks for, which is already percent-encoded.
    func page(_ query: String) async throws(ProviderError) -> (FileListReply, HTTPHead) {
        try await exchange.page(exchange.endpoint.url("/files?" + query), headers: headers)
    }

    /// A page without what earlier pages had, and where to go on: nowhere when it brought nothing new.
    ///
    /// A gateway that ignores the cursor answers the same page for ever.
    private static func page(_ reply: FileListReply, limit: Int, after: String?, seen: Set<String>) -> RemotePage {
        if let after, reply.files.last?.id == after { return RemotePage(files: [], next: nil) }
        let fresh = reply.files.filter { !seen.contains($0.id) }
        let hasMore = reply.hasMore ?? (reply.files.count >= limit)
        var next: String?
        if hasMore, !fresh.isEmpty { next = reply.files.suffix(3).reversed().map(\.id).joined(separator: "\n") }
        return RemotePage(files: fresh.compactMap(\.remoteFile), next: next)
    }
}

extension Endpoint {
    /// Key, organisation, project and what a gateway wants besides.
    var openAIHeaders: [HTTPHeader] {
        var headers: [HTTPHeader] = []
        if let key { headers.append(HTTPHeader("Authorization", "Bearer \(key.value)")) }
        if let organisation { headers.append(HTTPHeader("OpenAI-Organization", organisation)) }
        if let project { headers.append(HTTPHeader("OpenAI-Project", project)) }
        return headers + extraHeaders
    }
}
