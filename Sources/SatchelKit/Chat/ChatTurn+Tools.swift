internal import SatchelCore
internal import SatchelManifest

/// What a turn has to do with tools.
struct TurnTools: Sendable {
    /// What the model is offered; empty where it takes none.
    var offered: [ChatTool]
    var files: FileTools
    var limits: FileToolLimits { files.limits }
    /// What was asked for and brought so far, for the next request.
    var turns: [ChatRequest.Turn] = []
    var uses: [ToolUse] = []
    /// Requests that ended in calls.
    var rounds = 0
    /// Of all results.
    var bytes = 0

    init(_ workspace: Workspace, _ connection: Connection, isOffered: Bool) {
        offered = isOffered ? FileToolRequest.tools : []
        files = FileTools(workspace, connection)
    }

    /// Whether the next request may end in calls.
    var mayCall: Bool { rounds < limits.rounds && bytes < limits.turnBytes }

    /// Whether a refusal is about the tools, so that the question can be asked without them.
    ///
    /// Servers say it with many statuses: 400 for a model, 404 for all that could be routed to, 500 for a start option.
    func areRefused(by error: ProviderError) -> Bool {
        guard !offered.isEmpty, turns.isEmpty, let status = error.status, (400...501).contains(status) else {
            return false
        }
        let words = error.message.lowercased()
        return words.contains("tool") || words.contains("function call")
    }
}

extension Workspace {
    /// Whether the model can be given tools: its provider knows them, they are wanted, and there are texts to look at.
    func offersTools(_ question: ChatQuestion, _ connection: Connection) async throws -> Bool {
        // Of the model: where a server has no Files API, the files are those of the local store.
        guard connection.model?.traits.callsTools == true, question.usesTools, configuration.chat.tools else {
            return false
        }
        let inlinesText = showsEveryText(to: connection) || connection.traits.inlinedMedia.contains(.text)
        return try await manifest.hasText(sentTo: inlinesText ? nil : connection.id)
    }
}

extension ChatTurn {
    /// Asks, carries out what the model asks for, and asks again with what that brought, until it has answered.
    mutating func converse(_ request: ChatRequest, observe: @escaping @Sendable (ChatProgress) -> Void) async throws {
        while true {
            var request = request
            request.turns += tools.turns
            request.tools = tools.offered
            request.mayCallTools = tools.mayCall
            let heard: (text: String, calls: [ToolCall])
            do {
                heard = try await hear(request, observe: observe)
            } catch let error as ProviderError where text.isEmpty && tools.areRefused(by: error) {
                observe(.notice("\(modelName) takes no tools; it is asked without them"))
                tools.offered = []
                continue
            }
            guard finish == .toolCalls, !heard.calls.isEmpty else { return }
            guard tools.mayCall else {
                observe(.notice("\(modelName) asks for more than it may look up, and gave no answer of its own"))
                return
            }
            try await use(heard.calls, saying: heard.text, observe: observe)
        }
    }

    /// One request and what came of it.
    private mutating func hear(
        _ request: ChatRequest,
        observe: (ChatProgress) -> Void
    ) async throws -> (text: String, calls: [ToolCall]) {
        let before = usage
        var said = ""
        var calls: [ToolCall] = []
        finish = nil
        var request = request
        if usage != nil { request.maxOutputTokens = try await outputBound(for: request) }
        for try await event in model.stream(request) {
            switch event {
            case .text(let piece), .refusal(let piece):
                said += piece
                await say(piece)
            case .usage(let tokens): usage = before.map { $0 + tokens } ?? tokens
            case .toolCall(let call): calls.append(call)
            case .finished(let reason): finish = reason
            case .made(let file): made.append(file)
            case .citation(let citation): await note(citation, observe: observe)
            case .started, .reasoning, .status: break
            }
            observe(.event(event))
        }
        try Task.checkCancellation()
        if finish == .length, wishes.maxCost != nil, let bound = request.maxOutputTokens {
            observe(.notice("the answer was cut at \(bound) tokens, because of --max-cost"))
        } else if let ending = unusualEnding(finish?.code) {
            observe(.notice("the answer is not whole: \(ending)"))
        }
        return (said, calls)
    }

    private mutating func use(
        _ calls: [ToolCall],
        saying said: String,
        observe: (ChatProgress) -> Void
    ) async throws {
        // What is said before and after a look is not one sentence.
        if !said.isEmpty {
            await say("\n\n")
            observe(.event(.text("\n\n")))
        }
        tools.rounds += 1
        let known = Set(
            tools.turns.flatMap(\.parts).compactMap { if case .toolCall(let call) = $0 { call.id } else { nil } }
        )
        var asked: [ChatRequest.Part] = said.allSatisfy(\.isWhitespace) ? [] : [.text(said)]
        var brought: [ChatRequest.Part] = []
        for (index, call) in calls.enumerated() {
            var call = call
            // Providers without ids of their own begin anew with each answer.
            if known.contains(call.id) { call.id += "-\(tools.rounds)" }
            asked.append(.toolCall(call))
            let use = try await use(call, isTooMany: index >= tools.limits.callsAtOnce)
            try await workspace.manifest.record(use.kept, in: message, at: workspace.now())
            tools.uses.append(use.kept)
            tools.bytes += use.result.text.utf8.count
            brought.append(.toolResult(use.result))
            observe(.tool(use.kept))
        }
        tools.turns.append(ChatRequest.Turn(role: .assistant, parts: asked))
        tools.turns.append(ChatRequest.Turn(role: .user, parts: brought))
    }

    private mutating func use(_ call: ToolCall, isTooMany: Bool) async throws -> (kept: ToolUse, result: ToolResult) {
        try Task.checkCancellation()
        let left = tools.limits.turnBytes - tools.bytes
        let outcome: ToolOutcome
        if isTooMany {
            outcome = ToolOutcome(ToolRefusal("at most \(tools.limits.callsAtOnce) calls at once; ask again"))
        } else if left <= 0 {
            outcome = ToolOutcome(ToolRefusal("enough was looked up for one answer; answer with what there is"))
        } else {
            outcome = try await tools.files.run(call)
        }
        let text = outcome.isError ? outcome.text : beginning(of: outcome.text, bytes: left)
        let summary =
            (try? FileToolRequest(call, limits: tools.limits))?.summary ?? printable(String(call.name.prefix(60)))
        let kept = ToolUse(
            call: ToolCall(
                id: call.id,
                name: beginning(of: call.name, bytes: 100),
                arguments: beginning(of: call.arguments, bytes: tools.limits.keptBytes)
            ),
            summary: "\(summary): \(outcome.summary)",
            excerpt: beginning(of: text, bytes: tools.limits.keptBytes),
            bytes: text.utf8.count,
            isError: outcome.isError,
            shown: outcome.shown
        )
        return (kept, ToolResult(id: call.id, name: call.name, text: text, isError: outcome.isError))
    }
}
