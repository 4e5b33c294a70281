/// A request as the server read it.
package struct LoopbackRequest: Sendable {
    package struct QueryItem: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    /// From 1, in the order in which requests were completely read.
    package var number: Int
    /// From 1: requests with the same number came over one connection.
    package var connection: Int
    package var method: String
    /// As it stood in the request line.
    package var target: String
    /// Decoded, without the query.
    package var path: String
    package var query: [QueryItem]
    package var headers: HeaderFields
    /// Without chunk framing.
    package var body: [UInt8]
    /// False when a fault ended the request before its last byte.
    package var isComplete: Bool
    package var wasChunked: Bool
    package var expectedContinue: Bool

    /// The first value of that name in the query.
    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    package var json: JSONValue? { JSONValue(parsing: body) }

    package var bearer: String? {
        guard let value = headers["authorization"], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }

    /// The media type without parameters, lower case.
    package var contentType: String? {
        headers["content-type"].map { value in
            String(value.prefix { $0 != ";" }).lowercased().trimming(" ")
        }
    }

    /// The parts of a `multipart/form-data` body, strictly read.
    package func form() throws(MultipartFlaw) -> MultipartForm {
        guard let type = headers["content-type"] else { throw MultipartFlaw("no content type") }
        return try MultipartForm(parsing: body, contentType: type)
    }
}

extension LoopbackRequest: CustomStringConvertible {
    package var description: String { "\(method) \(target) (\(body.count) bytes)" }
}

extension StringProtocol {
    func trimming(_ characters: Set<Character>) -> String {
        var rest = self[...]
        while let first = rest.first, characters.contains(first) { rest.removeFirst() }
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return String(rest)
    }

    func trimming(_ character: Character) -> String { trimming([character]) }
}
