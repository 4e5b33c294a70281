import FoundationEssentials
import SatchelCore

/// `/v1/files`.
extension MistralWire {
    private static let purposes = ["fine-tune", "batch", "ocr"]

    func upload(
        _ request: LoopbackRequest,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> LoopbackResponse {
        let form: MultipartForm
        do throws(MultipartFlaw) {
            form = try request.form()
        } catch {
            throw .detail(400, "Cannot parse multipart body: \(error)")
        }
        for (index, part) in form.parts.enumerated() {
            let place: [JSONValue] = ["body", .string(part.name)]
            guard ["purpose", "file", "visibility", "expiry"].contains(part.name) else {
                throw .invalid(place, "extra_forbidden", "Extra inputs are not permitted")
            }
            if form.parts[..<index].contains(where: { $0.name == part.name }) {
                throw .invalid(place, "value_error", "Given twice")
            }
            if part.name != "file", part.filename != nil { throw .invalid(place, "value_error", "Unexpected file") }
        }
        // What a missing purpose means is not documented; users have met the checks of fine-tuning.
        let purpose = form["purpose"]?.text ?? "fine-tune"
        guard Self.purposes.contains(purpose) else {
            throw .invalid(["body", "purpose"], "enum", "Input should be 'fine-tune', 'batch' or 'ocr'")
        }
        let visibility = form["visibility"]?.text ?? "workspace"
        guard ["workspace", "user"].contains(visibility) else {
            throw .invalid(["body", "visibility"], "enum", "Input should be 'workspace' or 'user'")
        }
        let lifetime = try lifetime(form["expiry"]?.text, options)
        guard let file = form["file"], let name = file.filename, !name.isEmpty else {
            throw .invalid(["body", "file"], "missing", "Field required")
        }
        guard file.bytes.count <= options.maxFileSize else { throw .detail(413, "File too large.") }
        let media = MistralMedia(name: name, contentType: file.contentType, bytes: file.bytes)
        try purpose == "ocr" ? media.checkForOCR(looksInside: options.looksInside) : media.checkAsLines()
        let incoming = LoopbackStore.Incoming(
            project: workspace,
            name: name,
            contentType: media.type,
            purpose: purpose,
            bytes: file.bytes,
            lifetime: lifetime
        )
        // Storage is limited by agreement; how a full workspace answers is not documented.
        guard let stored = store.add(incoming, makeID: uuid) else {
            throw .error(403, "Your workspace has reached its storage limit.", type: "storage_limit_reached")
        }
        setVisibility(visibility, of: stored.id)
        return .json(.object(describe(stored, options)))
    }

    /// The unit of `expiry` is not documented; hours here, as for signed URLs.
    private func lifetime(_ expiry: String?, _ options: MistralOptions) throws(MistralFailure) -> Int64? {
        guard let expiry else { return options.retention }
        guard let number = Int64(expiry), number > 0 else {
            throw .invalid(["body", "expiry"], "int_parsing", "Input should be a valid integer")
        }
        return min(number * 3600, options.retention ?? .max)
    }

    func list(
        _ request: LoopbackRequest,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> LoopbackResponse {
        let lists = ["sample_type", "source", "mimetypes"]
        for (index, item) in request.query.enumerated() {
            let place: [JSONValue] = ["query", .string(item.name)]
            if lists.contains(item.name) { continue }
            guard ["page", "page_size", "include_total", "search", "purpose"].contains(item.name) else {
                throw .invalid(place, "extra_forbidden", "Extra inputs are not permitted")
            }
            if request.query[..<index].contains(where: { $0.name == item.name }) {
                throw .invalid(place, "value_error", "Given twice")
            }
        }
        let page = try number(request, "page", 0, 0...Int(Int32.max))
        let size = try min(number(request, "page_size", 100, 1...Int(Int32.max)), options.maxPage)
        guard ["true", "false"].contains(request.query("include_total") ?? "true") else {
            throw .invalid(["query", "include_total"], "bool_parsing", "Input should be a valid boolean")
        }
        var entries = store.files(of: workspace).map { describe($0, options) }
        if options.keepsDeleted {
            entries += deletedFiles(of: workspace).map { describe($0, options).merging(["deleted": true]) { $1 } }
        }
        if !options.listsOldestFirst { entries.reverse() }
        if let purpose = request.query("purpose") { entries.removeAll { $0["purpose"]?.string != purpose } }
        if let text = request.query("search") {
            entries.removeAll { !options.searchFinds || !($0["filename"]?.string ?? "").contains(text) }
        }
        let start = options.repeatsPages ? 0 : min(page * size, entries.count)
        var body: [String: JSONValue] = [
            "object": "list", "data": .array(entries[start...].prefix(size).map(JSONValue.object)),
        ]
        body["total"] = request.query("include_total") == "false" ? nil : .int(Int64(entries.count))
        return .json(.object(body))
    }

    private func number(
        _ request: LoopbackRequest,
        _ name: String,
        _ fallback: Int,
        _ range: ClosedRange<Int>
    ) throws(MistralFailure) -> Int {
        guard let text = request.query(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw .invalid(["query", .string(name)], "int_parsing", "Input should be a valid integer")
        }
        return number
    }

    func retrieve(
        _ id: String,
        _ workspace: String,
        _ options: MistralOptions
    ) throws(MistralFailure) -> LoopbackResponse {
        if options.keepsDeleted, let file = deletedFiles(of: workspace).first(where: { $0.id == id }) {
            return .json(.object(describe(file, options).merging(["deleted": true]) { $1 }))
        }
        let file = try find(id, workspace)
        return .json(.object(describe(file, options).merging(["deleted": false]) { $1 }))
    }

    func delete(_ id: String, _ workspace: String) throws(MistralFailure) -> LoopbackResponse {
        let file = try find(id, workspace)
        guard store.delete(file.id, of: workspace) else { throw .notFound }
        noteDeleted(file)
        return .json(["id": .string(id), "object": "file", "deleted": true])
    }

    func content(_ id: String, _ workspace: String) throws(MistralFailure) -> LoopbackResponse {
        let file = try find(id, workspace)
        return LoopbackResponse(
            200,
            headers: ["Content-Type": "application/octet-stream"],
            body: .whole(Array(file.bytes))
        )
    }

    func sign(_ request: LoopbackRequest, _ id: String, _ workspace: String) throws(MistralFailure) -> LoopbackResponse
    {
        if let stranger = request.query.first(where: { $0.name != "expiry" }) {
            throw .invalid(["query", .string(stranger.name)], "extra_forbidden", "Extra inputs are not permitted")
        }
        let hours = try number(request, "expiry", 24, 1...168)
        let file = try find(id, workspace)
        let until = store.clock.seconds + Int64(hours) * 3600
        let url = sign { number in
            let name = file.id.filter { $0 != "-" } + (MistralMedia.fileExtension(of: file.name).map { ".\($0)" } ?? "")
            let end = Date(timeIntervalSince1970: Double(until)).formatted(.iso8601).split(separator: ":")
            let signature = String(mixed(UInt64(number) &+ UInt64(until)), radix: 36)
            return Signed(
                url: "https://files.loopback.invalid/ocr/\(workspace)/\(name)?se=\(end.joined(separator: "%3A"))"
                    + "&sp=r&sv=2025-01-05&sr=b&sig=\(signature)%2F\(number)%3D",
                file: file.id,
                workspace: workspace,
                until: until
            )
        }
        return .json(["url": .string(url)])
    }

    private func find(_ id: String, _ workspace: String) throws(MistralFailure) -> LoopbackStore.File {
        guard UUID(uuidString: id) != nil else {
            throw .invalid(["path", "file_id"], "uuid_parsing", "Input should be a valid UUID")
        }
        guard let file = store.file(id, of: workspace) else { throw .notFound }
        return file
    }

    private func describe(_ file: LoopbackStore.File, _ options: MistralOptions) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "id": .string(file.id), "object": "file", "bytes": .int(Int64(file.size)),
            "created_at": .int(file.createdAt), "filename": .string(file.name), "purpose": .string(file.purpose),
            "sample_type": file.purpose == "ocr" ? "ocr_input" : "instruct", "num_lines": 0,
            "mimetype": file.contentType.map(JSONValue.string) ?? nil, "source": "upload",
            "signature": .string(String(file.sha256.prefix(16))),
            "visibility": .string(visibility(of: file.id)), "expires_at": nil,
        ]
        if options.saysExpiry, let expiresAt = file.expiresAt { members["expires_at"] = .int(expiresAt) }
        return members
    }
}
