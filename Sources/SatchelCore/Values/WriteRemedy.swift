import Glibc

/// What to do about a file or folder that could not be made or written: the second half of an error text.
///
/// `code` is the `errno` of the call that failed.
package func writeRemedy(_ code: Int32) -> String {
    switch code {
    case ENOSPC: "free some space and try again"
    case EDQUOT: "free some of your quota and try again"
    case EROFS: "mount it writable, or choose another place"
    case EACCES, EPERM: "make the folder writable"
    case EMFILE, ENFILE: "close some programs, or raise the limit of open files"
    case EIO: "check the disk"
    default: "check owner, permissions and space"
    }
}
