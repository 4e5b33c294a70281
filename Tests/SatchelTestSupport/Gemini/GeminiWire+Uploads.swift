import SatchelCore
import Synchronization

/// `POST /upload/v1beta/files` and the URL that it gives.
extension GeminiWire {
    func startUpload(
        _ request: LoopbackRequest,
        project: String,
        version: String,
        _ options: GeminiOptions
    ) throws(GeminiFailure) -> LoopbackResponse {
        guard request.headers["x-goog-upload-protocol"] == "resumable" else {
            throw .invalid("Unknown upload protocol: \(request.headers["x-goog-upload-protocol"] ?? "none").")
        }
        guard request.headers["x-goog-upload-command"] == "start" else {
            throw .invalid("The first command of an upload must be start.")
        }
        try check(request, query: [])
        let body = try document(request, known: ["file"])
        let file = try ProtoFields(body["file"], at: "file", known: Self.fileFields)
        var session = UploadSession(project: project, mimeType: "")
        session.displayName = try file.string("displayName")
        guard (session.displayName ?? "").count <= 512 else {
            throw .invalid("* CreateFileRequest.file.display_name: must be at most 512 characters long")
        }
        _ = try file.int("sizeBytes")
        session.name = try file.string("name").map { name throws(GeminiFailure) in try checked(name) }
        if let text = request.headers["x-goog-upload-header-content-length"] {
            guard let size = Int(text), size >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .invalid("Invalid X-Goog-Upload-Header-Content-Length: \(text)")
            }
            session.size = size
        }
        let type = request.headers["x-goog-upload-header-content-type"]
        let mimeType = try file.string("mimeType") ?? type ?? "application/octet-stream"
        guard mimeType.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
            throw .invalid("* CreateFileRequest.file.mime_type: must be in a valid type/subtype format")
        }
        session.mimeType = mimeType
        if let size = session.size, size > options.maxFileSize {
            throw GeminiFailure(413, nil, "File size \(size) exceeds the maximum of \(options.maxFileSize) bytes.")
        }
        let begun = session
        let id = try state.withLock { state throws(GeminiFailure) in
            if options.collision == .atStart, let name = begun.name { try claim(name, for: project, &state, options) }
            state.sessionCount += 1
            let id = String(mixed(UInt64(state.sessionCount) &+ 0x5e55), radix: 16)
            state.sessions[id] = begun
            return id
        }
        let origin = options.uploadOrigin ?? origin(of: request)
        let url = "\(origin)/resumable/upload/\(version)/files?upload_id=\(id)&upload_protocol=resumable"
        return LoopbackResponse(
            200,
            headers: [
                "X-Goog-Upload-Status": "active", "X-Goog-Upload-URL": url, "X-Goog-Upload-Control-URL": url,
                "X-Goog-Upload-Chunk-Granularity": "\(options.chunkGranularity)",
                "Content-Type": "text/plain; charset=utf-8",
            ],
            body: .whole([])
        )
    }

    private static let fileFields: Set<String> = [
        "name", "displayName", "mimeType", "sizeBytes", "createTime", "updateTime", "expirationTime", "sha256Hash",
        "uri", "downloadUri", "state", "source", "error", "videoMetadata",
    ]

    private func checked(_ name: String) throws(GeminiFailure) -> String {
        let id = name.dropFirst("files/".count)
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        guard name.hasPrefix("files/"), (1...40).contains(id.count), id.allSatisfy(letters.contains),
            !id.hasPrefix("-"), !id.hasSuffix("-")
        else {
            throw .invalid(
                "* CreateFileRequest.file.name: must be `files/` and up to 40 lowercase letters, digits and inner dashes"
            )
        }
        return name
    }

    /// Makes the name the project's own, or says that it is taken.
    ///
    /// A resource name has no project in it, so what another one took is taken too.
    private func claim(
        _ name: String,
        for project: String,
        _ state: inout State,
        _ options: GeminiOptions
    ) throws(GeminiFailure) {
        let owner = state.claimed[name]
        let isLive = owner.map { store.file(name, of: $0) != nil } ?? false
        if owner != nil, isLive || options.reservesNames { throw .taken(name) }
        state.claimed[name] = project
    }

    // MARK: The URL

    func continueUpload(_ request: LoopbackRequest, _ options: GeminiOptions) throws(GeminiFailure) -> LoopbackResponse
    {
        guard let id = request.query("upload_id"), state.withLock({ $0.sessions[id] != nil }) else {
            throw GeminiFailure(404, nil, "Upload session not found.")
        }
        let commands = (request.headers["x-goog-upload-command"] ?? "").split(separator: ",").map { $0.trimming(" ") }
        switch commands {
        case ["query"]: return try report(id, at: origin(of: request))
        case ["cancel"]:
            state.withLock { $0.sessions[id]?.outcome = .cancelled }
            return LoopbackResponse(200, headers: ["X-Goog-Upload-Status": "cancelled"], body: .whole([]))
        case ["upload"], ["upload", "finalize"], ["finalize"]: break
        default: throw .invalid("Invalid X-Goog-Upload-Command: \(commands.joined(separator: ", ")).")
        }
        let ends = commands.last == "finalize"
        let isBroken = try take(request, of: id, ends: ends, brings: commands.first == "upload", options)
        if isBroken {
            var failure = GeminiFailure(503, .unavailable, "The service is currently unavailable.")
            failure.uploadStatus = "active"
            throw failure
        }
        if ends { finish(id, options) }
        return try report(id, at: origin(of: request))
    }

    /// Adds a piece; true when only a part of it was kept.
    private func take(
        _ request: LoopbackRequest,
        of id: String,
        ends: Bool,
        brings: Bool,
        _ options: GeminiOptions
    ) throws(GeminiFailure) -> Bool {
        try state.withLock { state throws(GeminiFailure) in
            guard var session = state.sessions[id] else { return false }
            func refused(_ message: String, _ status: String) -> GeminiFailure {
                var failure = GeminiFailure(400, nil, message)
                failure.uploadStatus = status
                return failure
            }
            guard case .open = session.outcome else { throw refused("The upload is already over.", "final") }
            guard let text = request.headers["x-goog-upload-offset"], let offset = Int(text) else {
                throw refused("X-Goog-Upload-Offset is missing.", "active")
            }
            guard offset == session.bytes.count else {
                throw refused("The offset is \(offset), but \(session.bytes.count) bytes were received.", "active")
            }
            guard brings || request.body.isEmpty else { throw refused("finalize alone brings no bytes.", "active") }
            if !ends, request.body.count % options.chunkGranularity != 0 {
                throw refused("A piece must be a multiple of \(options.chunkGranularity) bytes.", "active")
            }
            let total = session.bytes.count + request.body.count
            if let size = session.size, total > size || ends && total < size {
                throw refused("\(total) bytes were sent, but \(size) were announced.", "active")
            }
            if request.body.count > options.chunkGranularity, directions.takeOne(\.brokenChunks) {
                let kept = request.body.count / 2 / options.chunkGranularity * options.chunkGranularity
                session.bytes += request.body.prefix(kept)
                state.sessions[id] = session
                return true
            }
            session.bytes += request.body
            state.sessions[id] = session
            return false
        }
    }

    private func finish(_ id: String, _ options: GeminiOptions) {
        state.withLock { state in
            guard var session = state.sessions[id] else { return }
            do throws(GeminiFailure) {
                guard !session.bytes.isEmpty || options.takesEmptyFiles else {
                    throw GeminiFailure(400, nil, "Failed to create file. The file is empty.")
                }
                guard session.bytes.count <= options.maxFileSize else {
                    throw GeminiFailure(413, nil, "File size exceeds the maximum of \(options.maxFileSize) bytes.")
                }
                if options.collision == .atFinish, let name = session.name {
                    try claim(name, for: session.project, &state, options)
                }
                let incoming = LoopbackStore.Incoming(
                    project: session.project,
                    name: session.displayName ?? "",
                    contentType: session.mimeType,
                    purpose: "",
                    bytes: session.bytes[...],
                    lifetime: 48 * 3600
                )
                let chosen = session.name
                guard let file = store.add(incoming, makeID: { chosen ?? Self.madeUpName($0) }) else {
                    throw .storageFull
                }
                state.claimed[file.id] = file.project
                state.created.removeAll { $0 == file.id }
                state.created.append(file.id)
                let fails = directions.takeOne(\.failures)
                state.extras[file.id] = Extra(
                    processingLeft: options.processingGets,
                    isFailed: fails,
                    sha256Hex: file.sha256.hex
                )
                session.outcome = .stored(id: file.id)
            } catch {
                session.outcome = .refused(status: error.code, body: error.json)
            }
            session.bytes = []
            state.sessions[id] = session
        }
    }

    /// Twelve letters and digits, as the service makes them up.
    private static func madeUpName(_ number: UInt64) -> String {
        let word = String(number, radix: 36)
        return "files/" + String(repeating: "0", count: max(0, 12 - word.count)) + word.suffix(12)
    }

    /// Where the upload stands.
    private func report(_ id: String, at origin: String) throws(GeminiFailure) -> LoopbackResponse {
        let (session, options) = (state.withLock { $0.sessions[id] }, options)
        guard let session else { throw GeminiFailure(404, nil, "Upload session not found.") }
        switch session.outcome {
        case .open:
            return LoopbackResponse(
                200,
                headers: [
                    "X-Goog-Upload-Status": "active", "X-Goog-Upload-Size-Received": "\(session.bytes.count)",
                    "X-Goog-Upload-Chunk-Granularity": "\(options.chunkGranularity)",
                ],
                body: .whole([])
            )
        case .cancelled:
            return LoopbackResponse(200, headers: ["X-Goog-Upload-Status": "cancelled"], body: .whole([]))
        case .refused(let status, let body):
            var response = LoopbackResponse.gemini(body, status: status)
            response.headers.add("X-Goog-Upload-Status", "final")
            return response
        case .stored(let name):
            guard let file = store.file(name, of: session.project) else {
                throw .noSuchFile(String(name.dropFirst("files/".count)), status: options.missingStatus)
            }
            var response = LoopbackResponse.gemini(["file": describe(file, at: origin)])
            response.headers.add("X-Goog-Upload-Status", "final")
            return response
        }
    }
}
