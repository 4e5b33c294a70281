internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// Whether a watch that could not begin, or go on, because of this can do so later without anybody changing anything:
/// somebody else holds the workspace, room or descriptors have run out, the key cannot be fetched just now.
///
/// A person is told what helps; a service manager is told to try again.
package func mayPass(_ error: any Error) -> Bool {
    switch error {
    case let error as StateError: error.mayPass
    case let error as ManifestError: error.mayPass
    case let error as WatchError: error.isShortage
    case let error as StoreError: error.kind == .full
    case let error as KeyError: error.mayPass
    default: false
    }
}
