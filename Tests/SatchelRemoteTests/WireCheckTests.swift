import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// What goes over the wire, against what the providers publish of it: our requests, and the loopback's answers to them.
///
/// `SATCHEL_SDK_PYTHON` names a Python with the providers' packages, `SATCHEL_SERVERS` the folder of the checks, beside
/// which `specs` lies; `Tests/Interop/README.md` tells more.
@Suite(.timeLimit(.minutes(5)), .enabled(if: getenv("SATCHEL_SDK_PYTHON") != nil && getenv("SATCHEL_SERVERS") != nil))
struct WireCheckTests {
    /// One request as we sent it, and what the server says to it.
    private struct Exchange {
        var request: LoopbackRequest
        var reply: RawClient.Reply

        var target: String { String(request.target.prefix { $0 != "?" }) }
        var isStream: Bool { reply.headers["content-type"]?.contains("event-stream") == true }

        var requestText: [UInt8] {
            var head = "\(request.method) \(request.target) HTTP/1.1\r\n"
            for field in request.headers.fields { head += "\(field.name): \(field.value)\r\n" }
            return Array((head + "\r\n").utf8) + request.body
        }

        var replyText: [UInt8] {
            var head = "HTTP/1.1 \(reply.status) -\r\n"
            for field in reply.headers.fields { head += "\(field.name): \(field.value)\r\n" }
            return Array((head + "\r\n").utf8) + reply.body
        }
    }

    /// The formats whose specification is published: xAI's has no schema of its events, Mistral's and OpenAI's are
    /// OpenAPI documents, Google's is its protobufs, Anthropic's its SDK's types.
    private static let formats = ChatFormat.allCases.filter { format in
        format.backend.map { [.openai, .anthropic, .gemini, .mistral].contains($0.kind) } ?? false
    }

    @Test(arguments: formats) func whatGoesOverTheWireIsWhatIsPublished(format: ChatFormat) async throws {
        let backend = try #require(format.backend)
        let exchanges = try await exchanges(format, backend)
        #expect(exchanges.count >= 5)
        try await withTemporaryFolder { folder in
            for (index, exchange) in exchanges.enumerated() {
                let (request, reply) = published(exchange, backend.kind)
                try Data(request).write(to: URL(filePath: "\(folder)/\(index).req.http"))
                try Data(reply).write(to: URL(filePath: "\(folder)/\(index).resp.http"))
            }
            for (index, exchange) in exchanges.enumerated() {
                for command in commands(for: exchange, backend.kind, index) {
                    let process = try SpawnedProcess(
                        String(cString: try #require(getenv("SATCHEL_SDK_PYTHON"))),
                        command,
                        SpawnedProcess.Surroundings(
                            folder: folder,
                            environment: ["HOME": folder, "PATH": "/usr/bin:/bin"]
                        )
                    )
                    let finished = try await process.finish(within: .seconds(60))
                    #expect(finished.status == 0, "\(command) \(finished)")
                    #expect(!finished.stdout.contains("FAIL"), "\(finished)")
                }
            }
        }
    }

    /// Everything a sync and a chat send, each once, with its answer.
    private func exchanges(_ format: ChatFormat, _ backend: Backend) async throws -> [Exchange] {
        var exchanges: [Exchange] = []
        try await format.withServer { model, server in
            let files = try backend.files(at: server, key: server.key)
            let wish = files.traits.nativeExpiry(for: .session)
            let upload = backend.upload(Array("secret: heron\n".utf8), expiresAfter: wish)
            let stored = try await send(upload, to: files)
            _ = try await files.list(after: nil)
            _ = try await files.retrieve(stored.id)
            let part = ChatRequest.Part.file(stored.id, path: "src/notes.md", media: upload.media)
            let heard = try await Heard(model.stream(asking("what is it?", [part])))
            #expect(heard.error == nil)
            try await useTools(model, server)
            // The same answers again.
            server.nextAnswer(LoopbackAnswer())
            server.nextAnswer(Self.look)
            // Asked again for the answers, before the file goes.
            let port = server.server.port
            for request in server.server.requests where request.isComplete {
                exchanges.append(Exchange(request: request, reply: try await reply(to: request, port: port)))
            }
            let count = server.server.requests.count
            try await files.delete(stored.id)
            // The answer to a delete comes once: the copy that asking again made is deleted for it.
            let deletion = try #require(server.server.requests.dropFirst(count).last { $0.method == "DELETE" })
            if let other = server.files.first {
                var again = deletion
                again.target = deletion.target.replacing(stored.id.rawValue, with: other.id)
                exchanges.append(Exchange(request: again, reply: try await reply(to: again, port: port)))
            }
        }
        return exchanges
    }

    private static let look = LoopbackAnswer.calling(
        (name: "read_file", arguments: #"{"path":"a.md","first_line":3}"#),
        (name: "list_files", arguments: "{}"),
        saying: "Let me look."
    )

    /// A question that is answered after a look.
    private func useTools(_ model: any ChatModel, _ server: any LoopbackProvider) async throws {
        var request = asking("what is there?")
        request.tools = FileToolRequest.tools
        server.nextAnswer(Self.look)
        let first = try await Heard(model.stream(request))
        #expect(first.calls.count == 2 && first.error == nil)
        request.turns += first.turns { "found by \($0.name)" }
        request.mayCallTools = false
        let second = try await Heard(model.stream(request))
        #expect(second.text.contains("tool said: found by list_files"), "\(second)")
    }

    private func reply(to request: LoopbackRequest, port: UInt16) async throws -> RawClient.Reply {
        try await offPoolThrowing {
            var client = try RawClient(port: port)
            var headers = request.headers
            headers.fields.removeAll { ["host", "content-length"].contains($0.name.lowercased()) }
            let body = request.body.isEmpty && request.method != "POST" ? nil : request.body
            return try client.ask("\(request.method) \(request.target)", headers: headers, body: body)
        }
    }

    /// An exchange without what a provider's own specification leaves out, each with its reason.
    private func published(_ exchange: Exchange, _ kind: ProviderID) -> (request: [UInt8], reply: [UInt8]) {
        guard kind == .mistral else { return (exchange.requestText, exchange.replyText) }
        // Its guide wants this for usage to come, its schema does not know it: it is asked for until it is refused.
        let request = String(decoding: exchange.requestText, as: UTF8.self)
            .replacing(#","stream_options":{"include_usage":true}"#, with: "")
        // Its guide shows this kind of sample for documents, its schema lists only those of training and batches. And
        // its schema of a stream describes events with a `data` member, which on the wire is the line itself.
        let reply = String(decoding: exchange.replyText, as: UTF8.self)
            .replacing(#""sample_type":"ocr_input""#, with: #""sample_type":"batch_request""#)
            .utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { line in
                let text = String(decoding: line, as: UTF8.self)
                return text.hasPrefix("data: {") ? "data: {\"data\":\(text.dropFirst("data: ".count))}" : text
            }
        return (Array(request.utf8), Array(reply.joined(separator: "\n").utf8))
    }

    /// The checks of one exchange, as arguments for Python.
    private func commands(for exchange: Exchange, _ kind: ProviderID, _ index: Int) -> [[String]] {
        let servers = getenv("SATCHEL_SERVERS").map { String(cString: $0) } ?? ""
        let (request, reply) = ("\(index).req.http", "\(index).resp.http")
        let isGood = exchange.reply.status == 200
        switch kind {
        case .openai, .mistral:
            let specification = servers + (kind == .openai ? "/../specs/openai.json" : "/../specs/mistral.yaml")
            let check = ["\(servers)/oas_check.py", specification, kind == .openai ? "/v1" : ""]
            return [check + ["req", request], check + ["resp", exchange.request.method, exchange.target, reply]]
        case .anthropic:
            let check = "\(servers)/anthropic_check.py"
            if exchange.target.hasSuffix("/messages") { return [[check, "req", request], [check, "sse", reply]] }
            guard isGood, exchange.target != "/v1/files" || exchange.request.method == "POST" else { return [] }
            let type = exchange.request.method == "DELETE" ? "DeletedFile" : "FileMetadata"
            return [[check, "resp", type, reply]]
        case .gemini:
            let check = "\(servers)/proto_check.py"
            var all = [[check, "req", request]]
            guard isGood else { return all }
            if exchange.isStream {
                all.append([check, "resp", "GenerateContentResponse", reply])
            } else if exchange.request.method == "GET" {
                all.append([check, "resp", exchange.target.hasSuffix("/files") ? "ListFilesResponse" : "File", reply])
            } else if exchange.reply.headers["x-goog-upload-status"] == "final" {
                all.append([check, "resp", "CreateFileResponse", reply])
            }
            return all
        default: return []
        }
    }
}
