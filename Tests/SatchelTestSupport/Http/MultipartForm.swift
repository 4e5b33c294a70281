import Glibc

/// A `multipart/form-data` body, read as strictly as RFC 7578 and RFC 2046 allow.
///
/// No preamble, no epilogue, no `filename*`, no transfer encodings, no bare line feeds in headers: what a lenient
/// server would let pass is what another one chokes on.
package struct MultipartForm: Sendable {
    package struct Part: Sendable {
        package var name: String
        /// As it stood between the quotes: `%22` stays `%22`.
        package var filename: String?
        package var contentType: String?
        package var bytes: ArraySlice<UInt8>

        /// Nil when it is not UTF-8.
        package var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    package var parts: [Part]

    package subscript(name: String) -> Part? { parts.first { $0.name == name } }

    package init(parsing body: [UInt8], contentType: String) throws(MultipartFlaw) {
        let boundary = try Self.boundary(of: contentType)
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard body.starts(with: delimiter.dropFirst(2)) else {
            throw MultipartFlaw("body does not start with its boundary")
        }
        var parts: [Part] = []
        var at = delimiter.count - 2
        while true {
            if body[at...].starts(with: Array("--".utf8)) {
                guard body[(at + 2)...].elementsEqual(Array("\r\n".utf8)) || at + 2 == body.count else {
                    throw MultipartFlaw("bytes after the closing boundary")
                }
                break
            }
            guard body[at...].starts(with: Array("\r\n".utf8)) else {
                throw MultipartFlaw("no line break after a boundary")
            }
            at += 2
            guard let end = find(delimiter, in: body[...], from: at) else { throw MultipartFlaw("no closing boundary") }
            parts.append(try Self.part(body[at..<end]))
            at = end + delimiter.count
        }
        guard !parts.isEmpty else { throw MultipartFlaw("no parts") }
        self.parts = parts
    }

    private static func boundary(of contentType: String) throws(MultipartFlaw) -> String {
        let (type, parameters) = try parameters(of: contentType)
        guard type.lowercased() == "multipart/form-data" else { throw MultipartFlaw("content type is \(type)") }
        guard parameters.count == 1, let boundary = parameters["boundary"] else {
            throw MultipartFlaw("content type needs one parameter, boundary")
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? ")
        guard (1...70).contains(boundary.count), boundary.allSatisfy(allowed.contains), boundary.last != " " else {
            throw MultipartFlaw("boundary is not allowed: \(boundary)")
        }
        return boundary
    }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(MultipartFlaw) -> Part {
        guard let blank = find(Array("\r\n\r\n".utf8), in: bytes, from: bytes.startIndex) else {
            throw MultipartFlaw("part without a blank line")
        }
        guard let head = String(validating: bytes[..<blank], as: UTF8.self) else {
            throw MultipartFlaw("part header is not UTF-8")
        }
        var fields: [String: String] = [:]
        // "\r\n" is one Character; a lone line feed or carriage return stays in the value and is refused there.
        for line in head.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else { throw MultipartFlaw("part header without a colon") }
            let name = String(line[..<colon]).lowercased()
            let value = String(line[line.index(after: colon)...])
            guard value.hasPrefix(" "), !value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
            else {
                throw MultipartFlaw("malformed part header \(name)")
            }
            guard fields.updateValue(String(value.dropFirst()), forKey: name) == nil else {
                throw MultipartFlaw("part header \(name) twice")
            }
        }
        guard let disposition = fields.removeValue(forKey: "content-disposition") else {
            throw MultipartFlaw("part without content-disposition")
        }
        let contentType = fields.removeValue(forKey: "content-type")
        guard fields.isEmpty else {
            throw MultipartFlaw("part headers that a form must not have: \(fields.keys.sorted())")
        }
        var (type, parameters) = try parameters(of: disposition)
        guard type == "form-data" else { throw MultipartFlaw("content-disposition is \(type)") }
        guard let name = parameters.removeValue(forKey: "name") else { throw MultipartFlaw("part without a name") }
        let filename = parameters.removeValue(forKey: "filename")
        guard parameters.isEmpty else {
            throw MultipartFlaw("content-disposition with \(parameters.keys.sorted())")
        }
        return Part(name: name, filename: filename, contentType: contentType, bytes: bytes[(blank + 4)...])
    }

    /// `type; a=token; b="quoted"`.
    private static func parameters(of value: String) throws(MultipartFlaw) -> (type: String, [String: String]) {
        // Scalars, because a quote and a combining mark after it are one Character.
        var rest = value.unicodeScalars[...]
        let type = String(rest.prefix { $0 != ";" }).trimming(" ")
        rest = rest.drop { $0 != ";" }
        var result: [String: String] = [:]
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " }
            let name = String(rest.prefix { $0 != "=" && $0 != ";" && $0 != " " })
            rest = rest.dropFirst(name.unicodeScalars.count)
            guard !name.isEmpty, rest.popFirst() == "=" else { throw MultipartFlaw("malformed parameters: \(value)") }
            let isQuoted = rest.first == "\""
            if isQuoted { rest.removeFirst() }
            let content = String(rest.prefix { isQuoted ? $0 != "\"" : $0 != ";" && $0 != " " })
            rest = rest.dropFirst(content.unicodeScalars.count)
            if isQuoted, rest.popFirst() != "\"" { throw MultipartFlaw("unclosed quote: \(value)") }
            rest = rest.drop { $0 == " " }
            guard result.updateValue(content, forKey: name.lowercased()) == nil else {
                throw MultipartFlaw("parameter \(name) twice")
            }
        }
        guard rest.isEmpty else { throw MultipartFlaw("malformed parameters: \(value)") }
        return (type, result)
    }
}

/// Why a body is no proper form.
package struct MultipartFlaw: Error, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The first place of `needle`, which starts with a carriage return, in `bytes` at or after `start`.
private func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
    bytes.withUnsafeBytes { buffer -> Int? in
        guard let base = buffer.baseAddress else { return nil }
        var at = start - bytes.startIndex
        // memchr keeps this quick in debug builds, where a loop over 100 MB takes seconds.
        while at + needle.count <= buffer.count {
            guard let hit = memchr(base + at, 0x0d, buffer.count - at) else { return nil }
            at = UnsafeRawPointer(hit) - base
            guard at + needle.count <= buffer.count else { return nil }
            if memcmp(base + at, needle, needle.count) == 0 { return at + bytes.startIndex }
            at += 1
        }
        return nil
    }
}
