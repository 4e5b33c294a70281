import SatchelCore

/// One answer on its way: pulled by its reader, so a slow reader slows the sender and a lost one closes the line.
actor ChatSession {
    private let request: HTTPRequest
    /// Ids of the files the request refers to.
    private let ids: [String]
    private let client: HTTPClient
    private let refusals: Refusals
    private var decoder: any ChatDecoder
    private var reader = SSEReader()
    private var meter = AnswerMeter()
    private var source: HTTPStream?
    private var ready: [ChatEvent] = []
    /// How it ends once everything in `ready` is taken; nil while more may come.
    private var ending: Result<Void, ProviderError>?

    init(_ request: HTTPRequest, ids: [String], client: HTTPClient, refusals: Refusals, decoder: any ChatDecoder) {
        self.request = request
        self.ids = ids
        self.client = client
        self.refusals = refusals
        self.decoder = decoder
    }

    /// The events as a stream; the request is sent when the first one is asked for.
    nonisolated var events: AsyncThrowingStream<ChatEvent, any Error> {
        AsyncThrowingStream { try await self.next() }
    }

    /// The next event; nil at the end.
    func next() async throws(ProviderError) -> ChatEvent? {
        while ready.isEmpty, ending == nil { await advance() }
        guard !ready.isEmpty else {
            source = nil
            try ending?.get()
            return nil
        }
        return ready.removeFirst()
    }

    /// Reads one piece and makes events of it, or learns how it ends.
    private func advance() async {
        do throws(ProviderError) {
            let source = try await connected()
            let piece: [UInt8]?
            do throws(HTTPFailure) {
                piece = try await source.next()
            } catch {
                throw refusals.error(error, isRepeatable: false)
            }
            do throws(AnswerMeter.TooMuch) {
                if let piece { try meter.take(piece) } else { try decodeEnd() }
            } catch {
                throw tooMuch(error, source.head)
            }
            if let piece { try decode(piece, head: source.head) }
            if piece == nil, ending == nil { throw refusals.endedEarly(source.head) }
        } catch {
            ending = ending ?? .failure(error)
        }
    }

    private func connected() async throws(ProviderError) -> HTTPStream {
        if let source { return source }
        let opened: HTTPStream
        do throws(HTTPFailure) {
            opened = try await client.stream(request)
        } catch {
            throw refusals.error(error, isRepeatable: false)
        }
        let isStream = opened.head["content-type"]?.lowercased().hasPrefix("text/event-stream") == true
        guard (200..<300).contains(opened.head.status), isStream else { throw await refused(opened) }
        source = opened
        return opened
    }

    /// Why an answer that is no event stream is none.
    private func refused(_ opened: HTTPStream) async -> ProviderError {
        let body = (try? await opened.collect(upTo: 256 << 10)) ?? []
        guard (200..<300).contains(opened.head.status) else {
            return refusals.error(HTTPResponse(head: opened.head, body: body), about: .chat(ids: ids))
        }
        let reply = ErrorReply(body)
        guard reply.type != nil || reply.code != nil else {
            return refusals.badReply(opened.head, "the answer is no event stream")
        }
        return refusals.error(inStream: reply, head: opened.head, ids: ids)
    }

    private func decode(_ piece: [UInt8], head: HTTPHead) throws(ProviderError) {
        let events: [SSEEvent]
        do throws(SSEReader.TooLarge) {
            events = try reader.take(piece)
        } catch {
            throw refusals.badReply(head, "an event of the stream is larger than \(error.limit) bytes")
        }
        for event in events where ending == nil {
            let meant: [ChatEvent]
            do throws(ChatStreamFault) {
                meant = try decoder.take(event)
            } catch {
                switch error {
                case .refused(let reply): throw refusals.error(inStream: reply, head: head, ids: ids)
                case .unreadable(let why): throw refusals.badReply(head, why)
                }
            }
            do throws(AnswerMeter.TooMuch) {
                try accept(meant)
            } catch {
                throw tooMuch(error, head)
            }
        }
    }

    private func decodeEnd() throws(AnswerMeter.TooMuch) {
        // An event that was cut in two is none, and says nothing.
        if let last = reader.finish(), let events = try? decoder.take(last) { try accept(events) }
        if ending == nil { try accept(decoder.end()) }
    }

    private func tooMuch(_ error: AnswerMeter.TooMuch, _ head: HTTPHead) -> ProviderError {
        refusals.badReply(head, "the answer has more than \(error.what), and was ended there")
    }

    /// Keeps events up to the terminal one; whatever follows that is not for us.
    private func accept(_ events: [ChatEvent]) throws(AnswerMeter.TooMuch) {
        for event in events where ending == nil {
            try meter.take(event)
            ready.append(event)
            guard case .finished = event else { continue }
            ending = .success(())
            source?.letRunOut()
        }
    }
}
