import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Our requests beside those that Anthropic's own SDK for Python (2.11.0) was recorded sending.
///
/// The recordings are not part of the repository: `SATCHEL_WIRE` names the folder that has `anthropic/*.http`.
@Suite(.enabled(if: getenv("SATCHEL_WIRE") != nil))
struct AnthropicWireTests {
    /// What makes two requests the same to a server.
    private struct Wire {
        var line: String
        var headers: [String: String]
        var body: [UInt8]

        /// Of the connection and of the SDK's own book-keeping; none of it has to do with what is asked.
        private static let incidental: Set<String> = [
            "host", "connection", "accept-encoding", "user-agent", "content-length",
        ]

        init(recording name: String) throws {
            let root = try #require(getenv("SATCHEL_WIRE").map { String(cString: $0) })
            let data = try #require(FileManager.default.contents(atPath: "\(root)/anthropic/\(name).http"))
            let text = String(decoding: data, as: UTF8.self)
            let blank = try #require(text.firstRange(of: "\r\n\r\n") ?? text.firstRange(of: "\n\n"))
            let lines = text[..<blank.lowerBound].split(whereSeparator: \.isNewline).map(String.init)
            line = try #require(lines.first).split(separator: " ").prefix(2).joined(separator: " ")
            (headers, body) = ([:], Array(text[blank.upperBound...].utf8))
            for field in lines.dropFirst() {
                let halves = field.split(separator: ":", maxSplits: 1).map(String.init)
                note(halves[0], halves.count > 1 ? String(halves[1].drop { $0 == " " }) : "")
            }
        }

        init(_ request: LoopbackRequest) {
            line = "\(request.method) \(request.target)"
            body = request.body
            headers = [:]
            for field in request.headers.fields { note(field.name, field.value) }
        }

        private mutating func note(_ name: String, _ value: String) {
            let name = name.lowercased()
            guard !Self.incidental.contains(name), !name.hasPrefix("x-stainless") else { return }
            headers[name] = value
        }

        /// The SDK sends the key as a bearer since its version 2; the documentation of the same API version goes on
        /// with `x-api-key`, both are taken, and gateways of all ages know the latter.
        mutating func sendKeyAsWeDo() {
            headers["x-api-key"] = headers.removeValue(forKey: "authorization").map { _ in "" }
        }

        mutating func hideKey() { headers["x-api-key"] = headers["x-api-key"].map { _ in "" } }

        /// The form in the body; its boundary is random, so the header is taken away.
        mutating func form() throws -> SatchelTestSupport.MultipartForm {
            let type = headers.removeValue(forKey: "content-type")
            return try SatchelTestSupport.MultipartForm(parsing: body, contentType: type ?? "")
        }
    }

    private func withOurs(
        _ body: (AnthropicFiles, AnthropicModel, LoopbackServer) async throws -> Void
    ) async throws {
        try await LoopbackAnthropic.with { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let files = AnthropicFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing())
            try await body(files, AnthropicModel(endpoint, client: HTTPClient()), server.server)
        }
    }

    private func pair(_ name: String, _ request: LoopbackRequest?) throws -> (theirs: Wire, ours: Wire) {
        var theirs = try Wire(recording: name)
        theirs.sendKeyAsWeDo()
        var ours = Wire(try #require(request))
        ours.hideKey()
        return (theirs, ours)
    }

    @Test(arguments: [("01-files.upload", nil), ("02-files.upload_ttl", 3600)] as [(String, Int64?)])
    func anUploadIsTheSame(recording: String, lifetime: Int64?) async throws {
        try await withOurs { files, _, server in
            var theirs = try Wire(recording: recording)
            theirs.sendKeyAsWeDo()
            let theirForm = try theirs.form()
            let content = try #require(theirForm["file"])
            var upload = upload(content.bytes, named: content.filename ?? "", expiresAfter: lifetime)
            upload.mime = content.contentType ?? ""
            _ = await files.upload([upload])
            var (_, ours) = try pair(recording, server.requests.first)
            let ourForm = try ours.form()
            #expect(ours.line == theirs.line)
            #expect(ours.headers == theirs.headers)
            #expect(ourForm.parts.map(\.name) == theirForm.parts.map(\.name))
            #expect(ourForm.parts.map(\.filename) == theirForm.parts.map(\.filename))
            #expect(ourForm.parts.map(\.contentType) == theirForm.parts.map(\.contentType))
            #expect(ourForm.parts.map { Array($0.bytes) } == theirForm.parts.map { Array($0.bytes) })
        }
    }

    @Test func aListingIsAskedForInTheSameWay() async throws {
        try await withOurs { files, _, server in
            _ = try await files.list(after: nil)
            let (theirs, ours) = try pair("03-files.list", server.requests.first)
            #expect(ours.headers == theirs.headers)
            // The figure is the caller's: the recording asks for 2, Satchel for the most there may be.
            #expect(theirs.line == "GET /v1/files?limit=2")
            #expect(ours.line == "GET /v1/files?limit=1000")
        }
    }

    @Test func oneFileIsAskedForInTheSameWay() async throws {
        try await withOurs { files, _, server in
            let theirs = try Wire(recording: "06-files.retrieve_metadata")
            let id = try #require(theirs.line.split(separator: "/").last.flatMap { RemoteFileID(String($0)) })
            _ = try await files.retrieve(id)
            let (one, ourOne) = try pair("06-files.retrieve_metadata", server.requests.first)
            #expect(ourOne.line == one.line)
            #expect(ourOne.headers == one.headers)
            server.forgetRequests()
            _ = try? await files.download(id, upTo: ByteCount(1))
            var (content, ourContent) = try pair("07-files.download", server.requests.first)
            #expect(ourContent.line == content.line)
            // `application/binary` is no registered type; what comes is refused for uploads anyway.
            #expect(content.headers.removeValue(forKey: "accept") == "application/binary")
            #expect(ourContent.headers.removeValue(forKey: "accept") == "application/json")
            #expect(ourContent.headers == content.headers)
            server.forgetRequests()
            try await files.delete(id)
            var (deletion, ourDeletion) = try pair("11-files.delete", server.requests.first)
            // The SDK sets a content type although it sends no content.
            #expect(deletion.headers.removeValue(forKey: "content-type") == "application/json")
            #expect(ourDeletion.line == deletion.line)
            #expect(ourDeletion.headers == deletion.headers)
        }
    }

    @Test func aMessageIsTheSameButForItsMark() async throws {
        try await withOurs { _, model, server in
            let wire = try Wire(recording: "09-messages.stream")
            let body = try #require(JSONValue(parsing: wire.body))
            let content = body["messages"]?[0]?["content"]
            let id = try #require(content?[0]?["source"]?["file_id"]?.string.flatMap { RemoteFileID($0) })
            let request = ChatRequest(
                model: try #require(body["model"]?.string),
                turns: [
                    .init(
                        role: .user,
                        parts: [
                            .file(id, path: try #require(content?[0]?["title"]?.string), media: .text),
                            .text(try #require(content?[1]?["text"]?.string)),
                        ]
                    )
                ],
                maxOutputTokens: body["max_tokens"]?.int.map { Int($0) }
            )
            _ = try await Heard(model.stream(request))
            var (theirs, ours) = try pair("09-messages.stream", server.requests.first)
            #expect(ours.line == theirs.line)
            // What is wanted is an event stream, and some gateways go by that.
            #expect(theirs.headers.removeValue(forKey: "accept") == "application/json")
            #expect(ours.headers.removeValue(forKey: "accept") == "text/event-stream")
            #expect(ours.headers == theirs.headers)
            // The last file is marked for the prompt cache, which the recorded caller did not wish for.
            let mark = #""cache_control":{"type":"ephemeral"},"#
            let text = String(decoding: ours.body, as: UTF8.self)
            #expect(text.contains(mark))
            #expect(JSONValue(parsing: text.replacing(mark, with: "")) == body)
        }
    }
}
