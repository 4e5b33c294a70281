import SatchelTestSupport
import Testing

/// Files that tools of the providers make for an answer: fetched at once, kept, and listed under it.
@Suite(.timeLimit(.minutes(3)))
struct MadeFileTests {
    struct Document: Decodable, Sendable {
        var ok: Bool
        var thread: Int64
        var answer: String
        var outputs: [OutputDocument]?
    }

    private let plot = MadePicture.png(1)

    private func digest(_ bytes: [UInt8]) -> String { "\(independentDigest(of: bytes))" }

    private func with(
        _ surroundings: [String: String],
        _ server: LoopbackServer,
        model: String = "echo",
        _ body: (RunningSatchel) async throws -> Void
    ) async throws {
        let environment = surroundings.merging(["SATCHEL_MODEL": model]) { $1 }
        try await RunningSatchel.initialised([:], environment: environment, body)
        #expect(server.flaws.isEmpty)
        #expect(server.pendingFaults == 0, "everything was asked for")
    }

    /// Expects the outputs, their bytes in the store, and their lines under the answer as `thread show` has them.
    private func expect(
        _ names: [String],
        in answer: Document,
        _ satchel: RunningSatchel,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outputs = answer.outputs ?? []
        #expect(outputs.map(\.name) == names, sourceLocation: sourceLocation)
        #expect(outputs.allSatisfy { $0.sha256 == digest(plot) }, sourceLocation: sourceLocation)
        _ = try await satchel.run(["cleanup", "--orphans", "--older-than", "0"])
        let show = try await satchel.run(["thread", "show", "\(answer.thread)"]).check().stdout
        #expect(show.contains("satchel cat \(digest(plot).prefix(12))"), sourceLocation: sourceLocation)
        _ = try await satchel.run(["restore", String(digest(plot).prefix(12)), "-o", "x.png"]).check()
        #expect(satchel.workspace.read("x.png") == plot, sourceLocation: sourceLocation)
    }

    private func responses(_ item: JSONValue, text: String, annotations: [JSONValue] = []) -> LoopbackResponse {
        let message: JSONValue = [
            "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [["type": "output_text", "text": .string(text), "annotations": .array(annotations)]],
        ]
        var events: [JSONValue] = [
            ["type": "response.created", "response": ["id": "resp_1", "status": "in_progress", "output": []]],
            ["type": "response.output_item.done", "output_index": 0, "item": item],
            ["type": "response.output_text.delta", "item_id": "msg_1", "delta": .string(text)],
        ]
        for annotation in annotations {
            events.append(["type": "response.output_text.annotation.added", "annotation": annotation])
        }
        events.append(["type": "response.output_item.done", "output_index": 1, "item": message])
        events.append([
            "type": "response.completed",
            "response": [
                "id": "resp_1", "status": "completed", "output": [item, message],
                "usage": ["input_tokens": 10, "output_tokens": 5, "total_tokens": 15],
            ],
        ])
        return MadePicture.stream(events, named: true)
    }

    private func citation(_ file: String, _ name: String) -> JSONValue {
        [
            "type": "container_file_citation", "container_id": "cntr_1", "file_id": .string(file),
            "filename": .string(name), "start_index": 0, "end_index": 4,
        ]
    }

    private let code: JSONValue = [
        "id": "ci_1", "type": "code_interpreter_call", "status": "completed", "container_id": "cntr_1",
        "code": "plot()",
    ]

    @Test func filesOfOpenAIsContainersAreFetchedBeforeTheyDie() async throws {
        try await LoopbackOpenAI.with { openAI in
            try await with(openAI.environment, openAI.server) { satchel in
                let cited = citation("cfile_1", "/mnt/data/plot.png")
                openAI.server.inject(
                    .answer(responses(code, text: "Here is the plot.", annotations: [cited])),
                    on: "POST /v1/responses"
                )
                openAI.server.inject(
                    .answer(MadePicture.bytes(plot)),
                    on: "GET /v1/containers/cntr_1/files/cfile_1/content"
                )
                let answer: Document = try await satchel.document(["chat", "plot it"])
                #expect(answer.answer == "Here is the plot.")
                try await expect(["plot.png"], in: answer, satchel)
            }
        }
    }

    @Test func picturesInAResponseAreKept() async throws {
        let item: JSONValue = [
            "id": "ig_1", "type": "image_generation_call", "status": "completed",
            "result": .string(MadePicture.base64(plot)),
        ]
        try await LoopbackOpenAI.with { openAI in
            try await with(openAI.environment, openAI.server) { satchel in
                openAI.server.inject(.answer(responses(item, text: "Here.")), on: "POST /v1/responses")
                try await expect(["made-1.png"], in: satchel.document(["chat", "draw"]), satchel)
            }
        }
        try await LoopbackXAI.with { xAI in
            try await with(xAI.environment, xAI.server) { satchel in
                xAI.server.inject(.answer(responses(item, text: "Here.")), on: "POST /v1/responses")
                try await expect(["made-1.png"], in: satchel.document(["chat", "draw"]), satchel)
            }
        }
    }

    @Test func aFileThatCannotBeFetchedIsSaidAndTheAnswerStays() async throws {
        try await LoopbackOpenAI.with { openAI in
            try await with(openAI.environment, openAI.server) { satchel in
                let hostile = "evil\u{1b}]0;owned\u{7}\n.csv"
                let cited = [citation("cfile_1", "gone.csv"), citation("cfile_2", hostile)]
                openAI.server.inject(
                    .answer(responses(code, text: "Done.", annotations: cited)),
                    on: "POST /v1/responses"
                )
                openAI.server.inject(
                    .answer(.json(["error": ["message": "Container is expired."]], status: 404)),
                    on: "GET /v1/containers/cntr_1/files/cfile_1/content"
                )
                openAI.server.inject(
                    .answer(MadePicture.bytes(Array("a,b\n".utf8))),
                    on: "GET /v1/containers/cntr_1/files/cfile_2/content"
                )
                let finished = try await satchel.run(["chat", "count"]).check()
                #expect(finished.stdout.contains("Done."))
                #expect(finished.stdout.contains("gone.csv: could not be kept: "), "\(finished)")
                #expect(
                    finished.stdout.contains("kept: evil]0;owned .csv  4 B  satchel cat "),
                    "\(finished)"
                )
                #expect(!finished.stdout.contains("\u{1b}"))
            }
        }
    }

    @Test func aPictureStaysWhenTheAnswerBreaksOff() async throws {
        let item: JSONValue = [
            "id": "ig_1", "type": "image_generation_call", "status": "completed",
            "result": .string(MadePicture.base64(plot)),
        ]
        try await LoopbackOpenAI.with { openAI in
            try await with(openAI.environment, openAI.server) { satchel in
                let events: [JSONValue] = [
                    ["type": "response.created", "response": ["id": "resp_1", "status": "in_progress", "output": []]],
                    ["type": "response.output_item.done", "output_index": 0, "item": item],
                    ["type": "response.output_text.delta", "item_id": "msg_1", "delta": "Here is"],
                ]
                openAI.server.inject(.answer(MadePicture.stream(events, named: true)), on: "POST /v1/responses")
                _ = try await satchel.failure("chat", "draw", status: 6)
                let show = try await satchel.run(["thread", "show", "1"]).check().stdout
                #expect(show.contains("Here is") && show.contains("made-1.png"), "\(show)")
            }
        }
    }

    @Test func whatIsLargerThanChatsKeepIsSaid() async throws {
        try await LoopbackOpenAI.with { openAI in
            try await with(openAI.environment, openAI.server) { satchel in
                satchel.set("SATCHEL_KEEP_MAX_FILE_SIZE", "16")
                openAI.server.inject(
                    .answer(responses(code, text: "Done.", annotations: [citation("cfile_1", "big.png")])),
                    on: "POST /v1/responses"
                )
                openAI.server.inject(
                    .answer(MadePicture.bytes(plot)),
                    on: "GET /v1/containers/cntr_1/files/cfile_1/content"
                )
                let answer: Document = try await satchel.document(["chat", "plot"])
                #expect(answer.answer == "Done." && answer.outputs?.first?.sha256 == nil)
                #expect(answer.outputs?.first?.error?.contains("larger than 16 B") == true)
            }
        }
    }

    @Test func filesOfAnthropicsCodeAreFetchedByTheirIDs() async throws {
        try await LoopbackAnthropic.with { anthropic in
            try await with(anthropic.environment, anthropic.server) { satchel in
                let result: JSONValue = [
                    "type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1",
                    "content": [
                        "type": "bash_code_execution_result", "stdout": "", "stderr": "", "return_code": 0,
                        "content": [["type": "bash_code_execution_output", "file_id": "file_made_1"]],
                    ],
                ]
                let events: [JSONValue] = [
                    [
                        "type": "message_start",
                        "message": ["id": "msg_1", "usage": ["input_tokens": 10, "output_tokens": 1]],
                    ], ["type": "content_block_start", "index": 0, "content_block": result],
                    ["type": "content_block_stop", "index": 0],
                    ["type": "content_block_start", "index": 1, "content_block": ["type": "text", "text": ""]],
                    [
                        "type": "content_block_delta", "index": 1,
                        "delta": ["type": "text_delta", "text": "Here is the plot."],
                    ], ["type": "content_block_stop", "index": 1],
                    [
                        "type": "message_delta", "delta": ["stop_reason": "end_turn"], "usage": ["output_tokens": 20],
                    ], ["type": "message_stop"],
                ]
                anthropic.server.inject(.answer(MadePicture.stream(events, named: true)), on: "POST /v1/messages")
                anthropic.server.inject(
                    .answer(
                        .json([
                            "id": "file_made_1", "type": "file", "filename": "plot.png", "mime_type": "image/png",
                            "size_bytes": .int(Int64(plot.count)), "created_at": "2026-11-21T10:00:00Z",
                            "downloadable": true, "expires_at": nil,
                        ])
                    ),
                    on: "GET /v1/files/file_made_1"
                )
                anthropic.server.inject(
                    .answer(MadePicture.bytes(plot)),
                    on: "GET /v1/files/file_made_1/content"
                )
                try await expect(["plot.png"], in: satchel.document(["chat", "plot it"]), satchel)
            }
        }
    }

    @Test func dataInAnAnswerOfGeminiIsKept() async throws {
        try await LoopbackGemini.with { gemini in
            try await with(gemini.environment, gemini.server, model: "gemini-2.5-flash") { satchel in
                let parts: [JSONValue] = [
                    ["executableCode": ["language": "PYTHON", "code": "plot()"]],
                    ["codeExecutionResult": ["outcome": "OUTCOME_OK", "output": ""]],
                    ["inlineData": ["mimeType": "image/png", "data": .string(MadePicture.base64(plot))]],
                    ["text": "Here is the plot."],
                ]
                let event: JSONValue = [
                    "candidates": [["content": ["role": "model", "parts": .array(parts)], "finishReason": "STOP"]],
                    "usageMetadata": ["promptTokenCount": 9, "candidatesTokenCount": 9], "responseId": "resp-1",
                ]
                gemini.server.inject(
                    .answer(MadePicture.stream([event])),
                    on: "POST /v1beta/models/gemini-2.5-flash:streamGenerateContent"
                )
                try await expect(["made-1.png"], in: satchel.document(["chat", "plot it"]), satchel)
            }
        }
    }

    @Test func filesOfMistralsToolsAreFetched() async throws {
        try await LoopbackMistral.with { mistral in
            try await with(mistral.environment, mistral.server) { satchel in
                let chunk: JSONValue = [
                    "type": "tool_file", "tool": "image_generation", "file_id": "11111111-2222-3333-4444-555555555555",
                    "file_name": "image_generated_0", "file_type": "png",
                ]
                let events: [JSONValue] = [
                    [
                        "id": "cmpl-1", "object": "chat.completion.chunk",
                        "choices": [["index": 0, "delta": ["content": [["type": "text", "text": "Here."], chunk]]]],
                    ],
                    [
                        "id": "cmpl-1", "choices": [["index": 0, "delta": ["content": ""], "finish_reason": "stop"]],
                        "usage": ["prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10],
                    ],
                ]
                mistral.server.inject(
                    .answer(MadePicture.stream(events, done: true)),
                    on: "POST /v1/chat/completions"
                )
                mistral.server.inject(
                    .answer(MadePicture.bytes(plot)),
                    on: "GET /v1/files/11111111-2222-3333-4444-555555555555/content"
                )
                try await expect(["image_generated_0.png"], in: satchel.document(["chat", "draw"]), satchel)
            }
        }
    }
}
