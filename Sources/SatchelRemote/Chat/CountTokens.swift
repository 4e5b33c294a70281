import SatchelCore

extension HTTPClient {
    /// Asks a provider to count a request's tokens.
    ///
    /// - Parameters:
    ///   - request: the question as it would be sent.
    ///   - ids: of the files that it refers to.
    ///   - refusals: what the provider's refusals mean.
    ///   - key: the member of the answer that has the number.
    /// - Returns: nil where the server has no such thing.
    /// - Throws: what a refusal means.
    func count(
        _ request: HTTPRequest,
        ids: [String],
        refusals: Refusals,
        key: String
    ) async throws(ProviderError) -> Int? {
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await send(request)
        } catch {
            throw refusals.error(error, isRepeatable: true)
        }
        // Gateways pass on chats and not this.
        if response.status == 404 || response.status == 405 { return nil }
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: .chat(ids: ids)) }
        guard let reply = decodeReply(Counted.self, from: response.body), let count = reply.numbers[key] else {
            throw refusals.badReply(response.head, "the answer has no count of tokens")
        }
        return count
    }

    private struct Counted: Decodable {
        var numbers: [String: Int] = [:]

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }

            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys { numbers[key.stringValue] = container.lenient(Int.self, key) }
        }
    }
}
