extension IndexError: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    public var description: String {
        switch self {
        case .notFound(let path): "There is no index \(path). `clip index FOLDER --index \(path)` makes one."
        case .foreign(let path):
            "\(path) is no index of this program, and stays as it is. Name another file with --index."
        case .newer(let path):
            "\(path) was made by a later version of this program. Install the newest version here."
        case .damaged(let path, let what):
            "The index \(path) is damaged: \(what). Make a new one with `clip index`, after this one was moved away, together with \(path)-wal and \(path)-shm if they are there."
        case .unusable(let path, let cause):
            "The index \(path) cannot be used: \(cause). Look at the rights of the file and its folder, or name another with --index."
        case .diskFull(let path):
            "There is no space left for the index \(path). What was written before is kept. Make room, and run the command again."
        case .busy(let path):
            "Another process is writing the index \(path); it may be `clip index --watch`. Try again when it is done, or end it."
        case .otherModel(let mismatch):
            "\(mismatch) Vectors of two models cannot be compared: give the index's with --model and --precision, or another index with --index."
        case .address(let what):
            "The address of the database cannot be read: \(what). Write postgresql://user@host:port/database."
        case .unreachable(let index, let cause):
            "The database \(index) cannot be reached: \(cause). What was written before is kept. Try again when it is there."
        case .refused(let index, let cause):
            "The database \(index) refuses it: \(cause). Check its name, the user and password, and the user's rights."
        case .noVectors(let index, let version):
            if let version {
                "The database \(index) has pgvector \(version). Install 0.7 or later: it is what keeps vectors in 16 bits a number."
            } else {
                "The database \(index) has no pgvector. Install 0.7 or later, and have an administrator run: CREATE EXTENSION vector."
            }
        case .database(let index, let cause):
            "The database \(index) failed: \(cause). Try again, or ask its administrator."
        case .outOfMemory(let bytes):
            "There is no memory for \(bytes) bytes of vectors. Use a machine with more, or end other programs."
        }
    }
}

extension IndexError.ModelMismatch: CustomStringConvertible {
    /// In what the two differ, in a sentence.
    public var description: String {
        switch self {
        case .name(let index, let given): "The index holds vectors of \(index), not of \(given)."
        case .precision(let index, let given):
            "The index holds vectors that were made in \(index), not in \(given)."
        case .width(let index, let given): "The index holds vectors of \(index) numbers, not of \(given)."
        case .weights(let name): "The index holds vectors of another model that was called \(name), too."
        }
    }
}
