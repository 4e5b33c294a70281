import FoundationEssentials
import SatchelCore

/// From a content to a file that chats can refer to.
extension GeminiFiles {
    /// Seconds between two looks at a file that is being processed; text, PDF and pictures are ready at once.
    private static let looks: [Double] = [0.25, 0.5, 1, 2, 4] + Array(repeating: 5, count: 23)

    /// What is there under a name that we chose.
    enum Presence {
        case absent
        /// The content, with enough of its life left.
        case usable(GeminiFile)
        /// The content, but the provider could not process it.
        case failed
        /// Something else, or a copy that ends too soon.
        case taken
    }

    private enum Outcome {
        case stored(RemoteFile)
        case failed(String)
    }

    func chosenName(of upload: Upload, form: Int) -> GeminiName {
        GeminiName(of: upload.name, upload.digest, under: exchange.endpoint.key, form: form, hashing: exchange.hashing)
    }

    func look(for upload: Upload, as name: GeminiName) async throws(ProviderError) -> Presence {
        guard let file = try await file(name) else { return .absent }
        let isContent = file.size == upload.size && file.holds(upload.digest) ?? (file.displayName == upload.name)
        guard isContent else { return .taken }
        if case .failed = file.state { return .failed }
        guard case .fixed(let life) = traits.expiry, let end = file.expiresAt else { return .usable(file) }
        // Whoever uploads anew what is still there wants a longer life than what is left of it.
        return end.timeIntervalSince(now()) > Double(life) / 2 ? .usable(file) : .taken
    }

    /// Adopts the content if it is there, and sends it if it is not.
    func send(_ upload: Upload) async throws(ProviderError) -> RemoteFile {
        var reason = ""
        // A file that could not be processed is deleted and sent once more.
        for _ in 0..<2 {
            switch try await adoptOrStore(upload) {
            case .stored(let file): return file
            case .failed(let why): reason = why
            }
        }
        throw ProviderError(.rejected, "\(exchange.endpoint.host): the file could not be processed: \(reason)")
    }

    private func adoptOrStore(_ upload: Upload) async throws(ProviderError) -> Outcome {
        for form in 1...GeminiName.forms {
            let name = chosenName(of: upload, form: form)
            switch try await look(for: upload, as: name) {
            case .usable(let file): return try await settled(file)
            case .taken: continue
            case .failed: try await delete(name)
            case .absent: break
            }
            do throws(ProviderError) {
                return try await store(upload, as: name)
            } catch {
                guard error.saysThatANameIsTaken else { throw error }
                // Somebody was faster; or the name is kept back after a deletion or an upload that never ended.
                if case .usable(let file) = try await look(for: upload, as: name) { return try await settled(file) }
            }
        }
        return try await store(upload, as: nil)
    }

    // MARK: Sending

    private func store(_ upload: Upload, as name: GeminiName?) async throws(ProviderError) -> Outcome {
        let pieces = try await open(upload)
        // Read before the upload is begun: a small file that changed costs no request.
        var piece = try await next(of: pieces)
        let session = GeminiUploadSession(try await start(upload, as: name), exchange, sleep: sleep)
        while true {
            if let response = try await session.send(piece) {
                return try await check(response, against: upload)
            }
            do throws(ProviderError) {
                piece = try await next(of: pieces)
            } catch {
                await session.cancel()
                throw error
            }
        }
    }

    private func open(_ upload: Upload) async throws(ProviderError) -> FilePieces {
        let (hashing, pieceSize) = (exchange.hashing, pieceSize)
        let opened: Result<FilePieces, ProviderError> = await queue.run {
            Result { () throws(ProviderError) in
                try FilePieces(upload, pieceSize: pieceSize, hashing: hashing)
            }
        }
        return try opened.get()
    }

    private func next(of pieces: FilePieces) async throws(ProviderError) -> FilePieces.Piece {
        let piece: Result<FilePieces.Piece, ProviderError> = await queue.run {
            Result { () throws(ProviderError) in try pieces.next() }
        }
        return try piece.get()
    }

    /// Asks for the URL that the bytes go to.
    private func start(_ upload: Upload, as name: GeminiName?) async throws(ProviderError) -> GeminiUploadURL {
        let request = HTTPRequest(
            .post,
            exchange.endpoint.geminiURL("files", isUpload: true),
            headers: headers + [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("X-Goog-Upload-Protocol", "resumable"),
                HTTPHeader("X-Goog-Upload-Command", "start"),
                HTTPHeader("X-Goog-Upload-Header-Content-Length", String(upload.size)),
                HTTPHeader("X-Goog-Upload-Header-Content-Type", upload.mime),
            ],
            body: .bytes(Self.description(of: upload, as: name).bytes),
            limits: FilesExchange.shortLimits()
        )
        let response = try await exchange.send(request, about: .files)
        return try GeminiUploadURL(response.head["x-goog-upload-url"], at: exchange.endpoint)
    }

    static func description(of upload: Upload, as name: GeminiName?) -> JSON {
        var file: [String: JSON] = ["displayName": .string(upload.name), "mimeType": .string(upload.mime)]
        if let name { file["name"] = .string(name.rawValue) }
        return ["file": .object(file)]
    }

    /// Sees to it that what is stored is what was to be sent; else it is deleted again.
    private func check(_ response: HTTPResponse, against upload: Upload) async throws(ProviderError) -> Outcome {
        guard let file = decodeReply(GeminiUploadReply.self, from: response.body)?.file else {
            // The end of an upload may be refused with status 200 and the real one inside.
            let reply = ErrorReply(response.body)
            guard let status = reply.code.flatMap({ Int($0) }), (400..<600).contains(status) else {
                throw exchange.refusals.badReply(response.head, "the answer to an upload describes no file")
            }
            let head = HTTPHead(status: status, headers: response.head.headers)
            throw exchange.refusals.error(HTTPResponse(head: head, body: response.body), about: .files)
        }
        guard file.size ?? upload.size == upload.size, file.holds(upload.digest) != false else {
            try? await delete(file.name)
            throw exchange.refusals.badReply(response.head, "what was stored is not what was sent")
        }
        return try await settled(file)
    }

    // MARK: Waiting

    /// Waits until a chat can refer to the file; one that failed is deleted.
    private func settled(_ file: GeminiFile) async throws(ProviderError) -> Outcome {
        var file = file
        for seconds in Self.looks {
            switch file.state {
            case .active:
                guard let remote = file.remoteFile(at: exchange.endpoint) else { break }
                return .stored(remote)
            case .failed(let why):
                try await delete(file.name)
                return .failed(why)
            case .processing:
                do { try await sleep(seconds) } catch { throw ProviderError(.cancelled, "cancelled") }
                guard let seen = try await self.file(file.name) else {
                    throw ProviderError(.gone, "\(exchange.endpoint.host): the file vanished while it was processed")
                }
                file = seen
            }
        }
        let seconds = Int(Self.looks.reduce(0, +).rounded())
        throw ProviderError(
            .temporary(retryAfter: nil),
            "\(exchange.endpoint.host): the file is still being processed after \(seconds) s"
        )
    }
}

extension ProviderError {
    /// 409 in most cases; the upload service was also seen to say it in words only.
    fileprivate var saysThatANameIsTaken: Bool {
        status == 409 || status == 400 && message.lowercased().contains("already exists")
    }
}
