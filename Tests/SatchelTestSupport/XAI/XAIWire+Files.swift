/// `/v1/files`: uploads, and one file by its id.
extension XAIWire {
    func upload(
        _ request: LoopbackRequest,
        _ team: String,
        _ options: XAIOptions
    ) throws(XAIFailure) -> LoopbackResponse {
        guard request.contentType == "multipart/form-data" else {
            throw XAIFailure(status: 415, message: "Expected `Content-Type: multipart/form-data`")
        }
        let form: MultipartForm
        do throws(MultipartFlaw) {
            form = try request.form()
        } catch {
            throw XAIFailure(message: "Error parsing `multipart/form-data` request: \(error)")
        }
        let known = ["purpose", "file", "expires_after", "expires_after[anchor]", "expires_after[seconds]"]
        for (index, part) in form.parts.enumerated() {
            guard known.contains(part.name) else { throw XAIFailure(message: "Unknown field `\(part.name)`") }
            let before = form.parts[..<index]
            if before.contains(where: { $0.name == part.name }) {
                throw XAIFailure(message: "Field `\(part.name)` was given twice")
            }
            // The file is stored while it arrives: what comes after it comes too late.
            if before.contains(where: { $0.name == "file" }) {
                throw XAIFailure(message: "`\(part.name)` must be sent before the `file` part")
            }
            if part.name != "file", part.filename != nil { throw XAIFailure(message: "`\(part.name)` is no file") }
        }
        let lifetime = try lifetime(form)
        guard let purpose = form["purpose"].map(\.text) ?? "" else { throw XAIFailure(message: "`purpose` is no text") }
        guard let file = form["file"] else { throw XAIFailure(message: "Missing `file` part") }
        guard let name = file.filename, !name.isEmpty else { throw XAIFailure(message: "The `file` part has no name") }
        guard isAllowed(name) else { throw XAIFailure(message: "Invalid filename") }
        guard file.bytes.count <= options.maxFileSize else {
            throw XAIFailure(status: 413, message: "File exceeds the maximum size of \(options.maxFileSize) bytes")
        }
        let incoming = LoopbackStore.Incoming(
            project: team,
            name: name,
            contentType: file.contentType,
            purpose: purpose,
            bytes: file.bytes,
            lifetime: lifetime
        )
        guard let stored = store.add(incoming, makeID: { "file_" + uuid($0) }) else {
            throw XAIFailure(status: 403, message: "Your team has run out of credits for file storage.")
        }
        return .json(describe(stored))
    }

    /// Seconds, as a number of its own or in OpenAI's bracket form.
    private func lifetime(_ form: MultipartForm) throws(XAIFailure) -> Int64? {
        let anchor = form["expires_after[anchor]"]
        let bracket = form["expires_after[seconds]"]
        let plain = form["expires_after"]
        guard anchor != nil || bracket != nil || plain != nil else { return nil }
        if plain != nil, anchor != nil || bracket != nil {
            throw XAIFailure(message: "`expires_after` was given in two forms")
        }
        if plain == nil, anchor?.text != "created_at" {
            throw XAIFailure(message: "`expires_after[anchor]` must be `created_at`")
        }
        guard let text = (plain ?? bracket)?.text, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(text)
        else { throw XAIFailure(message: "`expires_after` must be an integer") }
        guard (3600...2_592_000).contains(seconds) else {
            throw XAIFailure(message: "`expires_after` must be between 3600 and 2592000 seconds")
        }
        return seconds
    }

    /// At most 255 characters, and none that ends a line or a header field.
    private func isAllowed(_ name: String) -> Bool {
        let forbidden: Set<Unicode.Scalar> = ["\"", ";", "\\", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}"]
        return name.unicodeScalars.count <= 255
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && !forbidden.contains($0) }
    }

    func retrieve(_ id: String, _ team: String) throws(XAIFailure) -> LoopbackResponse {
        .json(describe(try find(id, team)))
    }

    func delete(_ id: String, _ team: String) throws(XAIFailure) -> LoopbackResponse {
        let file = try find(id, team)
        guard store.delete(file.id, of: team) else { throw .noSuchFile(id) }
        return .json(["id": .string(id), "deleted": true, "object": "file"])
    }

    func content(_ request: LoopbackRequest, _ id: String, _ team: String) throws(XAIFailure) -> LoopbackResponse {
        for item in request.query where item.name != "format" || !["original", "text"].contains(item.value) {
            throw XAIFailure(message: "Invalid query: \(item.name)=\(item.value)")
        }
        let file = try find(id, team)
        return LoopbackResponse(
            200,
            headers: ["Content-Type": "application/octet-stream"],
            body: .whole(Array(file.bytes))
        )
    }

    private func find(_ id: String, _ team: String) throws(XAIFailure) -> LoopbackStore.File {
        guard let file = store.file(id, of: team) else { throw .noSuchFile(id) }
        return file
    }

    /// Neither a status, nor a digest, nor a media type.
    func describe(_ file: LoopbackStore.File) -> JSONValue {
        [
            "id": .string(file.id),
            "object": "file",
            "bytes": .int(Int64(file.size)),
            "created_at": .int(file.createdAt),
            "expires_at": file.expiresAt.map(JSONValue.int) ?? nil,
            "filename": .string(file.name),
            "purpose": .string(file.purpose),
        ]
    }
}
