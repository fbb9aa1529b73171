extension OutputError: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    package var description: String {
        switch self {
        case .unusable(let path, let cause):
            "The folder \(path) cannot be used: \(cause). Name another with --output."
        case .unwritable(let path, let cause):
            "\(path) cannot be written: \(cause). Finished shards stay. Check the folder, and run the command again."
        case .diskFull(let path):
            "There is no space left for \(path). Finished shards stay. Make room, and run the command again."
        case .unreadable(let path, let cause):
            "\(path) cannot be read: \(cause). Check the folder, and run the command again."
        case .sameOutput(let name, let first, let second):
            "\(first) and \(second) would both be written to \(name). Give them in two commands, with an --output each."
        case .otherSettings(let path, let setting, let written, let given):
            "The shard is there already, with another \(setting) (\(path)): \(written), and not \(given). It stays as it is. "
                + "Name another folder with --output, or give --replace."
        case .foreignRecord(let path):
            "\(path) does not say how the shard was written, and stays as it is. "
                + "Name another folder with --output, or give --replace."
        }
    }
}
