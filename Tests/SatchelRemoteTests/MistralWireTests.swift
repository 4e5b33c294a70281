import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Our requests beside those that Mistral's SDK for Python (3.7.0) was recorded sending, and why they differ.
///
/// The recordings are not part of the repository: `SATCHEL_WIRE` names the folder that has `mistral/*.http`. They are
/// sent to the loopback provider as they are, so it must understand the SDK, too.
@Suite(.enabled(if: getenv("SATCHEL_WIRE") != nil), .timeLimit(.minutes(2)))
struct MistralWireTests {
    /// The key and the file that the recordings are about.
    private let key = "sk-test-0000"
    private let recordedID = "6f3847f3-13fd-4970-afdb-0cac29f15a56"

    private func withMistral(
        _ body: (MistralFiles, MistralModel, RemoteFile, LoopbackMistral) async throws -> Void
    ) async throws {
        var options = MistralOptions()
        options.keys = [key: "workspace-1"]
        options.looksInside = false
        try await LoopbackMistral.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(key))
            let client = HTTPClient()
            let files = MistralFiles(endpoint, client: client, hashing: IndependentHashing())
            let stored = try await send(Backend.mistral.upload(Array("%PDF-1.7 heron-42".utf8)), to: files)
            try await body(files, MistralModel(endpoint, client: client), stored, server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    /// Sends a recording, with another file's id in it, and returns it as the server read it, with its answer.
    private func replay(
        _ name: String,
        for id: RemoteFileID,
        at server: LoopbackMistral
    ) async throws -> (request: LoopbackRequest, reply: RawClient.Reply) {
        let root = try #require(getenv("SATCHEL_WIRE").map { String(cString: $0) })
        let data = try #require(FileManager.default.contents(atPath: "\(root)/mistral/\(name).http"))
        // Both ids are UUIDs, so every length stays what it was.
        let text = String(decoding: data, as: UTF8.self).split(separator: recordedID, omittingEmptySubsequences: false)
            .joined(separator: id.rawValue)
        let port = server.server.port
        let reply = try await offPoolThrowing {
            var client = try RawClient(port: port)
            client.write(text)
            return try client.reply()
        }
        return (try #require(server.server.requests.last), reply)
    }

    /// Where, as whom, and what for; headers of the connection and of the SDK's book-keeping left aside.
    private func expectSame(_ ours: LoopbackRequest, _ theirs: LoopbackRequest) {
        #expect(ours.method == theirs.method && ours.path == theirs.path)
        for name in ["authorization", "accept"] { #expect(ours.headers[name] == theirs.headers[name]) }
        #expect(ours.contentType == theirs.contentType)
        let known = [
            "host", "user-agent", "accept-encoding", "authorization", "accept", "content-type", "content-length",
        ]
        #expect(ours.headers.fields.allSatisfy { known.contains($0.name.lowercased()) })
    }

    @Test func anUploadHasTheSameFieldsInTheSameOrder() async throws {
        try await withMistral { files, _, stored, server in
            let ours = try #require(server.server.requests.first)
            let (theirs, reply) = try await replay("01-files.upload", for: stored.id, at: server)
            // The recording sends text, which is not taken for reading; nor do we send any.
            #expect(reply.status == 422)
            expectSame(ours, theirs)
            let (own, recorded) = (try ours.form(), try theirs.form())
            #expect(own.parts.map(\.name) == recorded.parts.map(\.name))
            #expect(own["purpose"]?.text == recorded["purpose"]?.text)
            #expect(own["visibility"]?.text == recorded["visibility"]?.text)
            #expect(own["file"]?.filename == stored.name && own["file"]?.contentType == "application/pdf")
        }
    }

    @Test func anExpiryIsNeverAskedFor() async throws {
        try await withMistral { _, _, stored, server in
            let (theirs, reply) = try await replay("02-files.upload_ttl", for: stored.id, at: server)
            // Without a purpose the file is checked as lines of JSON for training. We always name one, and no expiry:
            // nobody says whether 24 are hours or seconds.
            #expect(reply.status == 422)
            #expect(try theirs.form().parts.map(\.name) == ["expiry", "visibility", "file"])
            let ours = try #require(server.server.requests("POST /v1/files").first).form()
            #expect(ours["expiry"] == nil && ours["purpose"] != nil)
        }
    }

    @Test func aListingIsAskedForInTheSameWords() async throws {
        try await withMistral { files, _, stored, server in
            let (theirs, reply) = try await replay("03-files.list", for: stored.id, at: server)
            #expect(reply.json?["total"] == 1)
            _ = try await files.list(after: nil)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            #expect(ours.query.map(\.name) == theirs.query.map(\.name))
            // The recording wants pages of two; 100 is the documented default, and no maximum is.
            #expect(ours.query("page") == "0" && ours.query("page_size") == "100")
            #expect(ours.query("include_total") == theirs.query("include_total"))
        }
    }

    @Test func oneFileIsAskedAfterFetchedAndDeletedInTheSameWords() async throws {
        try await withMistral { files, _, stored, server in
            for name in ["04-files.retrieve", "05-files.download", "09-files.delete"] {
                if name.hasSuffix("delete") { try await files.delete(stored.id) }
                let (theirs, reply) = try await replay(name, for: stored.id, at: server)
                switch name {
                case "04-files.retrieve": _ = try await files.retrieve(stored.id)
                case "05-files.download": _ = try await files.download(stored.id, upTo: ByteCount(100))
                default: break
                }
                // What is deleted already is not there for the recording.
                #expect(reply.status == (name.hasSuffix("delete") ? 404 : 200))
                let ours = server.server.requests.last { $0.method == theirs.method && $0.number != theirs.number }
                let request = try #require(ours)
                expectSame(request, theirs)
                #expect(request.target == theirs.target)
            }
        }
    }

    @Test func aChatHasTheSameMembersButForItsFiles() async throws {
        try await withMistral { _, model, stored, server in
            let (signing, reply) = try await replay("06-files.get_signed_url", for: stored.id, at: server)
            #expect(reply.json?["url"]?.string?.hasPrefix("https://") == true)
            let (theirs, answer) = try await replay("08-chat.stream", for: stored.id, at: server)
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            let (_, whole) = try await replay("07-chat.complete", for: stored.id, at: server)
            #expect(whole.json?["choices"]?[0]?["message"]?["content"] != nil)

            let part = ChatRequest.Part.file(stored.id, path: "a.pdf", media: .pdf)
            var request = asking("What is the secret code word?", [part])
            (request.model, request.maxOutputTokens) = ("mistral-small-latest", 30)
            let heard = try await Heard(model.stream(request))
            #expect(heard.error == nil)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            let (own, recorded) = (try #require(ours.json), try #require(theirs.json))
            for name in ["model", "max_tokens", "stream"] { #expect(own[name] == recorded[name]) }
            // No temperature: it is the user's or the model's matter. Usage has to be asked for, says the
            // documentation, though the SDK has no word for it.
            #expect(own["temperature"] == nil && recorded["stream_options"] == nil)
            #expect(own["stream_options"] == ["include_usage": true])
            let (mine, other) = (own["messages"]?[0], recorded["messages"]?[0])
            #expect(mine?["role"] == other?["role"])
            #expect(mine?["content"]?[1] == other?["content"]?[1])
            // The recording has the id, which is in the schema and in no guide; the signed URL is what guides use.
            #expect(other?["content"]?[0]?["type"] == "file")
            #expect(mine?["content"]?[0]?["type"] == "document_url")
            let signed = try #require(server.server.requests.last { $0.path == signing.path })
            expectSame(signed, signing)
            // An hour in the recording; a day here, so that a long conversation asks once.
            #expect(signed.query.map(\.name) == signing.query.map(\.name))
        }
    }
}
