import SatchelCore

/// One upload in pieces: begun, sent, and gone on with after a break.
///
/// The protocol is Google's resumable upload. A break in the first piece is the caller's matter: nothing is saved by
/// asking where a session stands that has accepted nothing. Later ones are asked after, and only what is missing is
/// sent again.
struct GeminiUploadSession: Sendable {
    private let exchange: FilesExchange
    private let url: GeminiUploadURL
    private let sleep: @Sendable (Double) async throws -> Void

    /// How often one piece is gone on with.
    private static let mostBreaks = 4
    /// Seconds; a longer wish of the server is left to the caller.
    private static let longestWait = 60.0

    /// How a session stands.
    private enum Standing {
        case active(received: Int64)
        case final(HTTPResponse)
    }

    init(_ url: GeminiUploadURL, _ exchange: FilesExchange, sleep: @escaping @Sendable (Double) async throws -> Void) {
        self.url = url
        self.sleep = sleep
        var exchange = exchange
        // What a server or libcurl says may have the URL in it.
        exchange.refusals.hidden = url.secrets
        self.exchange = exchange
    }

    /// Sends a piece; after the last one the answer is there.
    func send(_ piece: FilePieces.Piece) async throws(ProviderError) -> HTTPResponse? {
        let end = piece.offset + Int64(piece.bytes.count)
        var offset = piece.offset
        var breaks = 0
        while true {
            do throws(ProviderError) {
                return try await put(piece, from: offset)
            } catch {
                guard piece.offset > 0, let wait = wait(after: error, breaks: breaks) else { throw error }
                breaks += 1
                do { try await sleep(wait) } catch { throw ProviderError(.cancelled, "cancelled") }
                switch try await standing(or: error) {
                case .final(let response): return response
                case .active(let received):
                    guard (piece.offset...end).contains(received) else { throw error }
                    if received == end, !piece.isLast { return nil }
                    offset = received
                }
            }
        }
    }

    /// Gives the session up, so that the name it was begun with is free; whether that arrives matters to nobody.
    func cancel() async { _ = try? await request("cancel", limits: FilesExchange.shortLimits()) }

    private func put(_ piece: FilePieces.Piece, from offset: Int64) async throws(ProviderError) -> HTTPResponse? {
        let rest = offset == piece.offset ? piece.bytes : Array(piece.bytes[Int(offset - piece.offset)...])
        let response = try await request(piece.isLast ? "upload, finalize" : "upload", at: offset, rest)
        switch (response.head["x-goog-upload-status"]?.lowercased(), piece.isLast) {
        case ("final", true): return response
        case ("active", false): return nil
        default: throw exchange.refusals.badReply(response.head, "the answer does not say how the upload stands")
        }
    }

    /// Asks how far it is; where that fails too, the break is what is told.
    private func standing(or failure: ProviderError) async throws(ProviderError) -> Standing {
        let response: HTTPResponse
        do throws(ProviderError) {
            response = try await request("query", limits: FilesExchange.shortLimits())
        } catch {
            throw error.kind == .cancelled ? error : failure
        }
        switch response.head["x-goog-upload-status"]?.lowercased() {
        case "final": return .final(response)
        case "active":
            guard let text = response.head["x-goog-upload-size-received"], let count = Int64(text) else {
                throw failure
            }
            return .active(received: count)
        default: throw failure
        }
    }

    /// Seconds before the session is asked; nil when going on makes no sense.
    private func wait(after error: ProviderError, breaks: Int) -> Double? {
        guard breaks < Self.mostBreaks, !error.isFinal else { return nil }
        let backOff = 0.5 * Double(1 << breaks)
        switch error.kind {
        case .answerLost, .unreachable: return backOff
        case .temporary(let wish), .rateLimited(let wish):
            let seconds = max(wish ?? 0, backOff)
            return seconds <= Self.longestWait ? seconds : nil
        default: return nil
        }
    }

    private func request(
        _ command: String,
        at offset: Int64? = nil,
        _ bytes: [UInt8] = [],
        limits: HTTPLimits = HTTPLimits()
    ) async throws(ProviderError) -> HTTPResponse {
        // No key: the URL is enough, and the less the key travels the better.
        var headers = exchange.endpoint.extraHeaders + [HTTPHeader("X-Goog-Upload-Command", command)]
        if let offset { headers.append(HTTPHeader("X-Goog-Upload-Offset", String(offset))) }
        let request = HTTPRequest(.post, url.value, headers: headers, body: .bytes(bytes), limits: limits)
        return try await exchange.send(request, about: .files)
    }
}
