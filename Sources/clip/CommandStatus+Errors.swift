internal import CLIPBulk
package import CLIPEngine
internal import CLIPEvaluation
internal import CLIPFiles
package import CLIPHub
internal import CLIPIndex
internal import Foundation

extension HubError {
    /// What a command that fails so ends with.
    package var exitStatus: CommandStatus {
        switch self {
        case .damaged, .noUsableFiles, .invalidAnswer: .unusableInput
        case .invalidName, .unknownName, .address, .invalidRevision, .repositoryNotFound, .revisionNotFound,
            .fileNotFound:
            .missingInput
        case .offline, .unsettled, .unreachable, .redirectRefused, .transportUnavailable: .unavailable
        case .cacheUnusable: .cannotCreate
        case .noSpace: .cannotWrite
        case .tooManyRequests, .badStatus, .corrupt, .wrongSize: .tryLater
        case .gated, .invalidToken, .forbidden, .renamed: .notPermitted
        case .invalidConfiguration: .unusableSetting
        case .cancelled: .interrupted
        }
    }
}

extension EmbeddingError {
    /// What a command that fails so ends with.
    package var exitStatus: CommandStatus {
        switch self {
        case .unknownModel: .missingInput
        case .modelNotAllowed: .notPermitted
        case .notPerceptionEncoder, .noTower, .invalidModelName, .noImages, .noTexts, .noPrompts,
            .tooManyImages, .tooManyPrompts, .image, .tooManyTexts, .textTooLarge, .textTooLong, .textTangled,
            .textLengthened, .textBeyondVocabulary, .labels, .tooMuchMemory, .modelUnavailable:
            .unusableInput
        case .label(_, let error), .heldOff(let error, _): error.exitStatus
        case .overloaded, .shuttingDown, .cancelled, .modelLoading, .tooManyLoads: .tryLater
        case .modelTooLarge, .invalidConfiguration: .unusableSetting
        case .modelNotFetched(_, _, let fault): fault.exitStatus
        case .failed: .internalFault
        }
    }

    /// What a command that has these models ends with: a directory that is not there is no unusable one.
    func exitStatus(with models: [ModelSource]) -> CommandStatus {
        guard case .modelUnavailable(let name, _) = self,
            let model = models.first(where: { $0.name == name }), model.isHere
        else { return exitStatus }
        return FileManager.default.fileExists(atPath: model.directory) ? .unusableInput : .missingInput
    }
}

extension FetchFault {
    /// What a command that fails so ends with.
    fileprivate var exitStatus: CommandStatus {
        switch self {
        case .passing, .corrupt: .tryLater
        case .notFound: .missingInput
        case .closed, .notAllowed: .notPermitted
        case .unusable: .unusableInput
        case .offline: .unavailable
        case .notKept: .cannotCreate
        case .misconfigured: .unusableSetting
        }
    }
}

extension EvaluationError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .unreadableDirectory, .notADirectory: .missingInput
        case .engine(let error): error.exitStatus
        default: .unusableInput
        }
    }
}

extension FileError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        if case .unreadable = self { .missingInput } else { .unusableInput }
    }
}

extension ConversionRefusal {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch kind {
        case .missingSource: .missingInput
        case .unwritable: .cannotCreate
        case .noRoom: .cannotWrite
        case .refused: .unusableInput
        }
    }
}

extension PictureSearchError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .noModel: .unusableSetting
        case .noPicture, .changedFile, .undecodableFile, .cancelsOut: .unusableInput
        case .index(let error): error.exitStatus
        case .engine(let error, _): error.exitStatus
        }
    }
}

extension IndexError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .notFound: .missingInput
        case .foreign, .newer, .damaged, .otherModel, .noVectors: .unusableInput
        case .address: .usage
        case .unreachable: .unavailable
        case .refused: .notPermitted
        case .database: .internalFault
        case .unusable: .cannotCreate
        case .diskFull: .cannotWrite
        case .busy, .outOfMemory: .tryLater
        }
    }
}

extension OutputError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .unusable: .cannotCreate
        case .unwritable, .diskFull: .cannotWrite
        case .unreadable: .tryLater
        case .sameOutput: .usage
        case .otherSettings, .foreignRecord: .unusableSetting
        }
    }
}

extension ArchiveError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .unreadable: .missingInput
        case .interrupted: .tryLater
        case .notAnArchive, .packed, .cut, .badHeader, .badNumber, .badRecords, .headerTooLong: .unusableInput
        }
    }
}

extension ShardFault {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .unreadable, .noMemory: .tryLater
        case .notPermitted, .nothingThere: .missingInput
        }
    }
}

extension IndexWatchError {
    /// What a command that fails so ends with.
    var exitStatus: CommandStatus {
        switch self {
        case .update(.index(let error)): error.exitStatus
        case .update(.engine(let error)): error.exitStatus
        case .tooManyFolders, .tooManyWatchers: .notPermitted
        case .unsupported: .unusableSetting
        case .failed: .missingInput
        }
    }
}
