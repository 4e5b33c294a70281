/// Why the manifest cannot be used.
///
/// Its text says what to do.
package enum ManifestError: Error, Hashable, Sendable {
    /// Written by a newer program.
    case newerSchema(path: String)
    /// The file is there, but it is not a Satchel manifest.
    case notAManifest(path: String)
    case corrupt(path: String, detail: String)
    /// Another process kept it locked for too long.
    case busy(path: String)
    case full(path: String)
    case readOnly(path: String)
    case failed(path: String, detail: String)
}

extension ManifestError {
    /// Whether it may be over without anybody changing anything here.
    package var mayPass: Bool {
        switch self {
        case .busy, .full: true
        case .newerSchema, .notAManifest, .corrupt, .readOnly, .failed: false
        }
    }
}

extension ManifestError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .newerSchema(let path):
            "\(path): written by a newer version of satchel; update satchel"
        case .notAManifest(let path):
            "\(path): not a satchel manifest; move it away and run satchel init"
        case .corrupt(let path, let detail):
            "\(path): the manifest is damaged (\(detail)); move it away and run "
                + "satchel remote reconcile --adopt, which finds the copies again, then satchel sync"
        case .busy(let path):
            "\(path): another process keeps it locked; wait for it to finish and try again"
        case .full(let path):
            "\(path): the disk is full; free some space and try again, nothing was lost"
        case .readOnly(let path):
            "\(path): cannot be written; make its folder, or the file system it is on, writable and try again"
        case .failed(let path, let detail):
            "\(path): \(detail); run satchel doctor"
        }
    }
}
