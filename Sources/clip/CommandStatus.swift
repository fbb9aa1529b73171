/// What the program ends with; from 64 on the numbers are those of sysexits.h.
///
/// This is the only list of them: `clip --help` prints it, and the man page and Documentation/Options.md are made from that.
package enum CommandStatus: Int32, CaseIterable, Sendable {
    case success = 0
    case answerIsNo = 1
    case usage = 64
    case unusableInput = 65
    case missingInput = 66
    case unavailable = 69
    case internalFault = 70
    case cannotCreate = 73
    case cannotWrite = 74
    case tryLater = 75
    case notPermitted = 77
    case unusableSetting = 78
    case interrupted = 130

    /// When the program ends with it.
    package var meaning: String {
        switch self {
        case .success: "All was done. A server ends so when it is told to stop."
        case .answerIsNo:
            "The answer is no: an input got no embedding or labels, a server is not ready, or doctor found a problem."
        case .usage:
            "The command line has an unknown flag or a value that cannot be read, or lacks something."
        case .unusableInput: "A text, picture, label, file or checkpoint is refused."
        case .missingInput: "A file, directory, model or revision is not there, or cannot be read."
        case .unavailable:
            "The hub, a server or a database cannot be reached, or the port to listen at is taken."
        case .internalFault:
            "The program is at fault, a forward pass failed or hung, or a database failed."
        case .cannotCreate: "A folder or file cannot be made, or is there already."
        case .cannotWrite: "Output cannot be written, or the disk has too little room."
        case .tryLater:
            "It may work later: the hub failed or wants fewer requests, a model came corrupt, too much is waiting, a disk failed, or memory was short."
        case .notPermitted:
            "It is not allowed: a gated model, a wrong token or password, a port that needs more rights."
        case .unusableSetting:
            "A flag or variable has a value that cannot be used, or that contradicts what is there."
        case .interrupted: "A second signal ended a server before its requests were answered."
        }
    }

    /// All of them as the help has them, a line each.
    static let list =
        "Exit status:\n" + allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n")

    /// The status of several things that went wrong: theirs, where it is the same, else the one that is given.
    static func common(of statuses: some Sequence<CommandStatus>, else other: CommandStatus) -> CommandStatus
    {
        let found = Set(statuses)
        return found.count == 1 ? found.first ?? other : other
    }
}
