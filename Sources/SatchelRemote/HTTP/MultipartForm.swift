/// The bytes round a file in a `multipart/form-data` body (RFC 7578): fields first, in their order, then the file.
///
/// Servers that read the body as it arrives need to know the fields before the file comes.
struct MultipartForm: Hashable, Sendable {
    var fields: [HTTPHeader] = []
    var fileField = "file"
    var fileName: String
    var mime: String
    let boundary: String

    /// A form whose boundary is random unless a test wants to know it: 128 bits that no content contains.
    init(fileName: String, mime: String, boundary: String? = nil) {
        self.fileName = fileName
        self.mime = mime
        self.boundary =
            boundary ?? "satchel-" + String(UInt64.random(in: 0 ... .max), radix: 16)
            + String(UInt64.random(in: 0 ... .max), radix: 16)
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Everything before the file's first byte.
    var prefix: [UInt8] {
        var text = ""
        for field in fields {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(field.name))\"\r\n\r\n"
            text += field.value + "\r\n"
        }
        text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(fileField))\"; "
        text += "filename=\"\(Self.quoted(fileName))\"\r\nContent-Type: \(Self.quoted(mime))\r\n\r\n"
        return Array(text.utf8)
    }

    /// Everything after its last.
    var suffix: [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }

    /// Quotes and line breaks percent-encoded, as web forms do it: nothing can end the header early.
    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x22 || $0 < 0x20 || $0 == 0x7f }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: result += "_"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
