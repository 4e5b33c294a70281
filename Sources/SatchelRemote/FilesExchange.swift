import SatchelCore

/// The part of a Files API that is the same at every provider: requests and their refusals, and files on their way.
///
/// What is asked, where, and what the answer means stays with the provider.
struct FilesExchange: Sendable {
    let endpoint: Endpoint
    let client: HTTPClient
    let hashing: any Hashing
    var refusals: Refusals
    let clock = ServerClock()
    private let queue = BlockingQueue("satchel.uploads")

    init(_ endpoint: Endpoint, client: HTTPClient, hashing: any Hashing, dialect: ErrorDialect = .common) {
        self.endpoint = endpoint
        self.client = client
        self.hashing = hashing
        refusals = Refusals(endpoint: endpoint, dialect: dialect)
    }

    /// For everything that moves no file: nothing reasonable takes longer.
    ///
    /// `body` is the most bytes of an answer.
    static func shortLimits(body: Int = 4 << 20) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.idle = 60
        limits.total = 120
        limits.body = body
        return limits
    }

    /// Sends a request; an answer other than 2xx is thrown as what it means.
    func send(_ request: HTTPRequest, about subject: Refusals.Subject) async throws(ProviderError) -> HTTPResponse {
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.send(request)
        } catch {
            throw refusals.error(error, isRepeatable: request.method.isRepeatable)
        }
        clock.read(response.head)
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: subject) }
        return response
    }

    /// The URL of one file below `collection`, such as `/files`; an id that is none never gets into a URL.
    func url(of id: RemoteFileID, in collection: String) throws(ProviderError) -> String {
        guard let segment = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        return endpoint.url("\(collection)/\(segment)")
    }

    /// Sends each of the batch, some side by side, and answers in the order of the batch.
    func each(
        _ batch: [Upload],
        atOnce: Int,
        _ send: @escaping @Sendable (Upload) async throws(ProviderError) -> RemoteFile
    ) async -> [Result<RemoteFile, ProviderError>] {
        @Sendable func result(of upload: Upload) async -> Result<RemoteFile, ProviderError> {
            do throws(ProviderError) {
                return .success(try await send(upload))
            } catch {
                return .failure(error)
            }
        }
        if batch.count == 1, let only = batch.first { return [await result(of: only)] }
        return await withTaskGroup(of: (Int, Result<RemoteFile, ProviderError>).self) { group in
            var results = [Result<RemoteFile, ProviderError>](
                repeating: .failure(ProviderError(.cancelled, "cancelled")),
                count: batch.count
            )
            for (index, upload) in batch.enumerated() {
                if index >= atOnce, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (index, await result(of: upload)) }
            }
            for await (index, result) in group { results[index] = result }
            return results
        }
    }

    /// Opens the file off the cooperative pool, with what goes before and after it.
    func open(
        _ upload: Upload,
        prefix: [UInt8] = [],
        suffix: [UInt8] = []
    ) async throws(ProviderError) -> OutgoingFile {
        let opened: Result<OutgoingFile, ProviderError> = await queue.run { [hashing] in
            Result { () throws(ProviderError) in
                try OutgoingFile.open(upload, prefix: prefix, suffix: suffix, hashing: hashing)
            }
        }
        return try opened.get()
    }

    /// Sends a file as a form and sees to it that what is stored is what was to be sent; else it is deleted again.
    ///
    /// - Parameters:
    ///   - upload: the file.
    ///   - form: its fields.
    ///   - path: below the base URL.
    ///   - headers: key, version and the like.
    ///   - described: the file that an answer describes; nil when it describes none.
    ///   - delete: takes back what should not be there.
    /// - Returns: the stored file as the provider describes it.
    /// - Throws: `.changed` when the file is not what it was; whatever the provider said otherwise.
    func send(
        _ upload: Upload,
        as form: MultipartForm,
        to path: String,
        headers: [HTTPHeader],
        described: ([UInt8]) -> RemoteFile?,
        delete: (RemoteFileID) async throws(ProviderError) -> Void
    ) async throws(ProviderError) -> RemoteFile {
        let file = try await open(upload, prefix: form.prefix, suffix: form.suffix)
        let request = HTTPRequest(
            .post,
            endpoint.url(path),
            headers: headers + [HTTPHeader("Content-Type", form.contentType)],
            body: file.body
        )
        let response: HTTPResponse
        do throws(ProviderError) {
            response = try await send(request, about: .files)
        } catch {
            throw file.meaning(of: error, for: upload.digest)
        }
        guard let stored = described(response.body) else {
            let error = refusals.badReply(response.head, "the answer to an upload describes no file")
            throw file.meaning(of: error, for: upload.digest)
        }
        let isWhole = (stored.size ?? upload.size) == upload.size
        if isWhole, file.sent(exactly: upload.digest) { return stored }
        // What is there now is not what was asked for. Should this fail, the next run finds it by its upload name.
        let isDeleted: Bool
        do throws(ProviderError) {
            try await delete(stored.id)
            isDeleted = true
        } catch {
            isDeleted = false
        }
        if isWhole {
            var changed = ProviderError(.changed, "changed while it was sent")
            changed.leftAnother = !isDeleted
            throw changed
        }
        throw refusals.badReply(response.head, "only \(stored.size ?? 0) of \(upload.size) bytes were stored")
    }
}
