extension ArchiveError: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    package var description: String {
        switch self {
        case .unreadable(let cause):
            "The archive cannot be read: \(cause). Check its path, and who may read it."
        case .interrupted(let cause):
            "The archive cannot be read at the moment: \(cause). Check the disk or the network that it is on, and run the command again."
        case .notAnArchive:
            "This is no tar archive, or an empty file. Check the pattern of --shards, or download the file again."
        case .packed(let packing):
            "The archive is packed by \(packing.rawValue). Give it unpacked, for example with: "
                + "\(packing.rawValue) -d FILE"
        case .cut(let offset):
            "The archive ends in the middle of the file whose header is at byte \(offset). Download it again."
        case .badHeader(let offset):
            "The archive is damaged: there is no valid header at byte \(offset). Download it again."
        case .badNumber(let offset):
            "The archive is damaged: the header at byte \(offset) has a number that no file can have. "
                + "Download it again."
        case .badRecords(let offset):
            "The archive is damaged: the header at byte \(offset) contradicts itself. Download it again."
        case .headerTooLong(let offset, let limit):
            "The header at byte \(offset) of the archive has more than \(limit) bytes of names. "
                + "Make the archive again with shorter ones."
        }
    }
}
