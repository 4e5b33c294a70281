package import FoundationEssentials
package import SatchelCore

/// Mistral's Files API.
///
/// Facts are from its published specification, its documentation and its SDK (3.7), of 2026, and from what users met.
package struct MistralFiles: FileProvider {
    package let traits: ProviderTraits
    private let exchange: FilesExchange

    /// - Parameters:
    ///   - endpoint: whose files; the base URL with or without `/v1`.
    ///   - traits: `.mistral`, perhaps with limits changed.
    ///   - client: shared by all providers of a process.
    ///   - hashing: for the digest of what went out.
    package init(
        _ endpoint: Endpoint,
        traits: ProviderTraits = .mistral,
        client: HTTPClient,
        hashing: any Hashing
    ) {
        self.traits = traits
        exchange = FilesExchange(endpoint, client: client, hashing: hashing, dialect: .mistral)
    }

    package var serverTime: Date? { exchange.clock.now }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        await exchange.each(batch, atOnce: traits.parallelUploads) { upload throws(ProviderError) in
            try await send(upload)
        }
    }

    /// `GET /v1/files?page&page_size`.
    ///
    /// Pages have numbers and no fixed place: a file that goes while pages are read moves one that was not read yet to
    /// a page that was. Nothing may be concluded from a file that is missing.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let place = PagePlace(cursor)
        let (reply, _) = try await page(place.page, size: traits.listPage)
        // A gateway that ignores the number answers the same page for ever.
        guard let first = reply.files.first?.id, first != place.first else { return RemotePage(files: [], next: nil) }
        let next = PagePlace(page: place.page + 1, seen: place.seen + Int64(reply.files.count), first: first)
        // What one page holds at most is not documented, so a short page means nothing.
        let isLast = reply.total.map { next.seen >= $0 } ?? false
        return RemotePage(files: reply.files.compactMap(\.remoteFile), next: isLast ? nil : next.cursor)
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        try await exchange.describe(try url(of: id), headers: headers) { response in
            decodeReply(MistralFile.self, from: response.body).flatMap { $0.id.isEmpty ? nil : $0 }
        }?.remoteFile
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) {
        try await exchange.delete(try url(of: id), headers: headers)
    }

    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        try await exchange.download(
            try url(of: id) + "/content",
            headers: exchange.endpoint.mistralHeaders(accept: "application/octet-stream"),
            upTo: limit
        )
    }

    /// Searches by name, then looks through everything: what the search goes by is not documented.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        let wanted = WantedFile(name: uploadName, size: size, createdAfter: createdAfter)
        let (found, head) = try await page(0, size: 100, search: uploadName)
        if let file = wanted.match(in: found.files, head) { return file }
        var first: String?
        var seen: Int64 = 0
        for number in 0..<20 {
            let (reply, head) = try await page(number, size: 100)
            if let file = wanted.match(in: reply.files, head) { return file }
            seen += Int64(reply.files.count)
            guard let start = reply.files.first?.id, start != first, seen < reply.total ?? .max,
                !wanted.isOver(reply.files, head)
            else { return nil }
            first = start
        }
        return nil
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await exchange.ability { () throws(ProviderError) in _ = try await page(0, size: 1) }
    }
}

// MARK: The wire

extension MistralFiles {
    private var headers: [HTTPHeader] { exchange.endpoint.mistralHeaders(accept: "application/json") }

    private func url(of id: RemoteFileID) throws(ProviderError) -> String {
        try exchange.url(of: id, in: exchange.endpoint.mistralPath("/files"))
    }

    /// `visibility` is sent as the official client sends it; `expiry` is not, because nobody says what its unit is.
    private func send(_ upload: Upload) async throws(ProviderError) -> RemoteFile {
        var form = MultipartForm(fileName: upload.name, mime: upload.mime)
        form.fields = [HTTPHeader("visibility", "workspace"), HTTPHeader("purpose", "ocr")]
        return try await exchange.send(
            upload,
            as: form,
            to: exchange.endpoint.mistralPath("/files"),
            headers: headers,
            described: { decodeReply(MistralFile.self, from: $0)?.remoteFile },
            delete: { id throws(ProviderError) in try await delete(id) }
        )
    }

    private func page(
        _ number: Int,
        size: Int,
        search: String? = nil
    ) async throws(ProviderError) -> (MistralFileList, HTTPHead) {
        var path = exchange.endpoint.mistralPath("/files") + "?page=\(number)&page_size=\(size)&include_total=true"
        if let search { path += "&search=" + percentEncoded(search) }
        return try await exchange.page(exchange.endpoint.url(path), headers: headers, body: 8 << 20)
    }
}

/// A place in a listing by numbers, as a cursor.
private struct PagePlace {
    var page = 0
    /// Entries of the pages before it.
    var seen: Int64 = 0
    /// The first id of the page before it.
    var first: String?

    init(page: Int, seen: Int64, first: String) {
        self.page = page
        self.seen = seen
        self.first = first
    }

    /// The beginning where there is no cursor, or one that is none of ours.
    init(_ cursor: String?) {
        let parts = (cursor ?? "").split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3, let page = Int(parts[0]), let seen = Int64(parts[1]) else { return }
        (self.page, self.seen, first) = (page, seen, parts[2])
    }

    var cursor: String { "\(page) \(seen) \(first ?? "")" }
}

/// What an upload whose answer was lost may have left.
private struct WantedFile {
    var name: String
    var size: Int64
    var createdAfter: Date

    /// The live copy among `files`, if it is there.
    func match(in files: [MistralFile], _ head: HTTPHead) -> RemoteFile? {
        let earliest = earliest(head)
        return files.lazy.filter { $0.name == name && $0.size == size && ($0.createdAt ?? earliest) >= earliest }
            .compactMap(\.remoteFile).first
    }

    /// Whether a page that goes from newer to older has come to what is too old.
    func isOver(_ files: [MistralFile], _ head: HTTPHead) -> Bool {
        let times = files.compactMap(\.createdAt)
        guard let first = times.first, let last = times.last, first > last else { return false }
        return last < earliest(head)
    }

    /// Their clock is what their times are in; how far ours is off shows in every answer.
    private func earliest(_ head: HTTPHead) -> Int64 {
        let ours = Date().timeIntervalSince1970
        let skew = head["date"].flatMap { secondsSince1970(httpDate: $0) }.map { $0 - ours } ?? 0
        return Int64(createdAfter.timeIntervalSince1970 + skew) - 5
    }
}

extension Endpoint {
    /// A path below the base URL, which may or may not have the version in it already.
    ///
    /// The official clients want it without, those who come from OpenAI's write it with.
    func mistralPath(_ path: String) -> String { baseURL.hasSuffix("/v1") ? path : "/v1" + path }

    /// Key and what a gateway wants besides.
    func mistralHeaders(accept: String) -> [HTTPHeader] {
        let authorisation = key.map { [HTTPHeader("Authorization", "Bearer \($0.value)")] } ?? []
        return authorisation + [HTTPHeader("Accept", accept)] + extraHeaders
    }
}
