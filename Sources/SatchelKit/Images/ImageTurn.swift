internal import SatchelCore
internal import SatchelManifest

/// Pictures on their way: as many requests as they take, and what was kept of each.
struct ImageTurn: Sendable {
    let workspace: Workspace
    let maker: any ImageModel
    var request: ImageRequest
    let wanted: Int

    private(set) var images: [KeptFile] = []
    private(set) var text = ""
    private(set) var usage: ChatUsage?

    init(workspace: Workspace, maker: any ImageModel, request: ImageRequest, wanted: Int) {
        self.workspace = workspace
        self.maker = maker
        self.request = request
        self.wanted = wanted
    }

    /// - Throws: what a refusal means; `.badReply` when there is not one picture to keep.
    mutating func run(kept: (KeptFile) -> Void) async throws {
        while images.count < wanted {
            request.count = min(maker.traits.perRequest, wanted - images.count)
            let reply = try await maker.make(request)
            // Without figures it is an answer all the same, whose price nobody has told.
            let figures = reply.usage ?? ChatUsage(input: 0, cached: 0, output: 0, reasoning: 0)
            usage = usage.map { $0 + figures } ?? figures
            if text.isEmpty { text = reply.text }
            for bytes in reply.images {
                images.append(await keep(bytes))
                kept(images[images.count - 1])
            }
            for failure in reply.failures {
                images.append(KeptFile(lost: "image-\(images.count + 1)", because: failure))
                kept(images[images.count - 1])
            }
            try Task.checkCancellation()
        }
        guard images.allSatisfy({ $0.digest == nil }) else { return }
        throw ProviderError(.badReply, "no picture could be kept: \(images.first?.error ?? "none came")")
    }

    /// Its first bytes have to be those of a picture: what a terminal or a browser is shown must be none other.
    private func keep(_ bytes: [UInt8]) async -> KeptFile {
        let media = sniffedMedia(of: bytes)
        let number = images.count + 1
        guard media.isImage else {
            return KeptFile(lost: "image-\(number)", because: "what came is no PNG, JPEG, GIF or WebP")
        }
        guard bytes.count <= ImageRequest.largest.bytes else {
            return KeptFile(
                lost: "image-\(number)",
                because: "\(ByteCount(Int64(bytes.count))) are more than a picture may have, \(ImageRequest.largest)"
            )
        }
        return await workspace.keep(bytes, called: "image-\(number).\(usualExtension(of: media))")
    }

    func answer(_ status: Manifest.MessageStatus, error: String?) -> Manifest.Answer {
        var answer = Manifest.Answer(
            text: text,
            status: status,
            finishReason: status == .success ? FinishReason.stop.code : nil,
            error: error,
            usage: usage
        )
        answer.outputs = images
        return answer
    }
}
