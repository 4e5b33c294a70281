import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

extension Heard {
    var calls: [ToolCall] { events.compactMap { if case .toolCall(let call) = $0 { call } else { nil } } }

    /// What goes back after an answer that asked for tools.
    func turns(_ result: (ToolCall) -> String) -> [ChatRequest.Turn] {
        let said: [ChatRequest.Part] = text.isEmpty ? [] : [.text(text)]
        return [
            ChatRequest.Turn(role: .assistant, parts: said + calls.map { .toolCall($0) }),
            ChatRequest.Turn(
                role: .user,
                parts: calls.map { .toolResult(ToolResult(id: $0.id, name: $0.name, text: result($0))) }
            ),
        ]
    }
}

/// A question with the tools that a chat offers.
private func offering(_ text: String) -> ChatRequest {
    var request = asking(text)
    request.tools = FileToolRequest.tools
    return request
}

@Suite(.timeLimit(.minutes(2)))
struct ToolCallTests {
    private static let search = (name: "search_files", arguments: #"{"path":"src","query":"grüße \"x\" 👋"}"#)
    private static let list = (name: "list_files", arguments: "{}")

    @Test(arguments: ChatFormat.allCases) func callsComeWholeAndInOrder(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            server.nextAnswer(.calling(Self.search, Self.list))
            let heard = try await Heard(model.stream(offering("where?")))
            #expect(heard.error == nil)
            #expect(heard.calls.map(\.name) == ["search_files", "list_files"])
            let arguments = heard.calls.map { JSONValue(parsing: $0.arguments) }
            #expect(arguments == [JSONValue(parsing: Self.search.arguments), [:]])
            #expect(Set(heard.calls.map(\.id)).count == 2)
            #expect(heard.finish == .toolCalls)
            #expect(heard.text.isEmpty)
        }
    }

    @Test(arguments: ChatFormat.allCases) func whatToolsBroughtIsAnswered(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            var request = offering("where?")
            server.nextAnswer(.calling(Self.search, Self.list, saying: "Let me look."))
            let first = try await Heard(model.stream(request))
            #expect(first.text == "Let me look.")
            request.turns += first.turns { "one of \($0.name)" }
            // And again, alone and without a word.
            server.nextAnswer(.calling(Self.list))
            let second = try await Heard(model.stream(request))
            #expect(second.calls.count == 1, "\(second)")
            request.turns += second.turns { "two of \($0.name)" }
            let third = try await Heard(model.stream(request))
            #expect(third.error == nil)
            let said = ["one of search_files", "one of list_files", "two of list_files"].map { "tool said: \($0)\n" }
            #expect(third.text == said.joined() + "you said: where?")
            #expect(third.finish == .stop)
            #expect(server.server.flaws.isEmpty)
        }
    }

    @Test(arguments: ChatFormat.allCases) func aModelThatMayNotCallAnswers(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            var request = offering("where?")
            server.nextAnswer(.calling(Self.list))
            request.turns += try await Heard(model.stream(request)).turns { _ in "nothing" }
            request.mayCallTools = false
            server.nextAnswer(.calling(Self.list))
            let heard = try await Heard(model.stream(request))
            #expect(heard.calls.isEmpty)
            #expect(heard.text.hasSuffix("you said: where?"), "\(heard)")
        }
    }

    @Test(arguments: ChatFormat.allCases) func argumentsThatAreNoneGoBackAsNone(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            for wrong in ["read me", "[1, 2]", "{\"path\": ", ""] {
                var request = offering("where?")
                server.nextAnswer(.calling((name: "read_file", arguments: wrong)))
                let first = try await Heard(model.stream(request))
                #expect(first.calls.map(\.name) == ["read_file"])
                request.turns += first.turns { _ in "Error: no." }
                let heard = try await Heard(model.stream(request))
                #expect(heard.text == "tool said: Error: no.\nyou said: where?", "\(heard)")
            }
        }
    }

    @Test(arguments: ChatFormat.allCases) func aCallThatIsCutOffIsNone(format: ChatFormat) async throws {
        try await format.withServer { model, server in
            var answer = LoopbackAnswer.calling(Self.list)
            answer.ending = .cut
            server.nextAnswer(answer)
            let heard = try await Heard(model.stream(offering("where?")))
            #expect(heard.error != nil && heard.calls.isEmpty)
        }
    }

    @Test func signedThoughtsGoBackBeforeTheCall() async throws {
        var options = AnthropicOptions()
        options.thoughts = "Where might it be?"
        try await LoopbackAnthropic.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(server.key))
            let model = AnthropicModel(endpoint, client: HTTPClient())
            var request = offering("where?")
            server.nextAnswer(.calling(Self.search, saying: "Let me look."))
            request.turns += try await Heard(model.stream(request)).turns { _ in "here" }
            let heard = try await Heard(model.stream(request))
            #expect(heard.text == "tool said: here\nyou said: where?", "\(heard)")
        }
    }

    @Test func encryptedThoughtsGoBackBeforeTheCall() async throws {
        try await ChatFormat.responses.withServer { model, server in
            var request = offering("where?")
            server.nextAnswer(.calling(Self.search))
            request.turns += try await Heard(model.stream(request)).turns { _ in "here" }
            _ = try await Heard(model.stream(request))
            let items = try #require(server.server.requests.last?.json?["input"]?.array)
            #expect(items.map { $0["type"]?.string } == [nil, "reasoning", "function_call", "function_call_output"])
            #expect(items[1]["encrypted_content"] == "c2VjcmV0IHRob3VnaHRz")
        }
    }

    @Test func aResultCanBeAnError() throws {
        let result = ToolResult(id: "1", name: "read_file", text: "Error: no.", isError: true)
        let request = ChatRequest(model: "m", turns: [ChatRequest.Turn(role: .user, parts: [.toolResult(result)])])
        let body = JSONValue(parsing: AnthropicModel.body(request).bytes)
        #expect(body?["messages"]?[0]?["content"]?[0]?["is_error"] == true)
    }

    @Test func callsThatComeWithoutIdsGetTheirOwn() throws {
        var decoder = ChatCompletionsDecoder()
        var events: [ChatEvent] = []
        for text in [
            #"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"a","arguments":{"x":1}}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"b","arguments":"{}"}}]},"finish_reason":"stop"}]}"#,
            "[DONE]",
        ] { events += try decoder.take(SSEEvent(name: nil, data: Array(text.utf8))) }
        let calls = events.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
        #expect(calls.map(\.name) == ["a", "b"])
        #expect(calls.map(\.arguments) == [#"{"x":1}"#, "{}"])
        #expect(Set(calls.map(\.id)).count == 2)
        #expect(events.last == .finished(.toolCalls))
    }
}
