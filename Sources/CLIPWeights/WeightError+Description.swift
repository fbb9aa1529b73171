#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension WeightError: CustomStringConvertible {
    /// Sentences for the person who starts the program: what is wrong with which file or tensor, and what helps.
    ///
    /// Names from files are shortened and their control characters escaped, so that they cannot forge a line of a log.
    public var description: String { [finding, remedy].compactMap(\.self).joined(separator: " ") }

    private var finding: String {
        switch self {
        case .unreadableFile(let path, let code):
            "\(path) cannot be read: \(String(cString: strerror(code)))."
        case .notARegularFile(let path):
            "\(path) is not a regular file."
        case .fileTooLarge(let path, let byteCount, let limit):
            "\(path) has \(byteCount) bytes; at most \(limit) are read."
        case .fileChanged(let path):
            "\(path) changed its size while it was open."
        case .unwritableFile(let path, let code):
            "\(path) cannot be written: \(String(cString: strerror(code)))."
        case .staleCopy(let path, let reason):
            "\(path) is not used, and is made anew: \(reason)."

        case .fileTooSmall(let file, let byteCount):
            "\(file) has \(byteCount) bytes, too few for a safetensors file."
        case .headerTooLarge(let file, let byteCount, let limit):
            "\(file) claims a header of \(byteCount) bytes, more than the \(limit) that safetensors allows; "
                + "is it a safetensors file?"
        case .headerBeyondFile(let file, let headerByteCount, let fileByteCount):
            "\(file) claims a header of \(headerByteCount) bytes, but has \(fileByteCount) bytes in all; "
                + "was the download cut off?"
        case .notUTF8(let file):
            "\(file): the JSON is not UTF-8."
        case .malformedJSON(let file, let offset, let expected):
            "\(file): \(expected) was expected at byte \(offset) of the JSON."
        case .duplicateTensor(let name, let file):
            "\(file) lists the tensor \(quoted(name)) twice."
        case .duplicateKey(let key, let file):
            "\(file) gives \(quoted(key)) twice."
        case .trailingData(let file, let described, let found):
            "\(file): the header describes \(described) bytes of data, but \(found) follow it."

        case .duplicateField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) gives \(quoted(field)) twice."
        case .unknownField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) has the unknown field \(quoted(field))."
        case .missingField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) lacks \(quoted(field))."
        case .unknownScalarType(let tensor, let type, let file):
            "\(file): the tensor \(quoted(tensor)) has the unknown type \(quoted(type))."
        case .tooManyDimensions(let tensor, let limit, let file):
            "\(file): the tensor \(quoted(tensor)) has more than \(limit) dimensions."
        case .shapeOverflow(let tensor, let shape, let file):
            "\(file): the shape \(shape) of the tensor \(quoted(tensor)) is too large to count."
        case .offsetsReversed(let tensor, let begin, let end, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin), after their end at \(end)."
        case .offsetsBeyondData(let tensor, let end, let dataByteCount, let file):
            "\(file): the data of the tensor \(quoted(tensor)) end at \(end), but the file has only "
                + "\(dataByteCount) bytes of data; was the download cut off?"
        case .byteCountMismatch(let tensor, let expected, let found, let file):
            "\(file): the tensor \(quoted(tensor)) takes \(expected) bytes by its shape and type, "
                + "but \(found) by its offsets."
        case .holeInData(let tensor, let expectedBegin, let begin, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin) and leave a hole "
                + "from \(expectedBegin) on."
        case .overlappingData(let tensor, let expectedBegin, let begin, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin), but those of another tensor "
                + "end at \(expectedBegin)."

        case .indexWithoutWeightMap(let file):
            "\(file) has no weight_map."
        case .unsafeShardName(let name, let file):
            "\(file) names the shard \(quoted(name)), which is not a safetensors file of the same directory."
        case .tooManyShards(let file, let limit):
            "\(file) names more than \(limit) shards."
        case .tensorNotInShard(let name, let shard):
            "\(shard) does not hold the tensor \(quoted(name)) that the index places there."
        case .tensorNotInIndex(let name, let shard):
            "\(shard) holds the tensor \(quoted(name)), which the index does not place there."
        case .missingShards(let index, let names, let count):
            "\(index) names shards that are not there: \(list(names, count: count))."

        case .notADirectory(let path):
            "\(path) is not a directory that can be listed."
        case .modelNotFound(let path, let missing):
            "\(path) holds no complete model: \(missing.joined(separator: ", ")) not found. A model is config.json "
                + "with model.safetensors (transformers), or open_clip_config.json with open_clip_model.safetensors "
                + "(OpenCLIP)."
        case .pickledWeightsOnly(let path, let files):
            "\(path) has weights only as Python pickles (\(list(files, count: files.count))), which can run code "
                + "and are not loaded."
        case .timmConfiguration(let path):
            "\(path) has only the config.json of timm, which describes a tower for pictures alone."
        case .configurationNotFound(let file, let missing):
            "Beside \(file) there is neither \(missing.joined(separator: " nor "))."
        case .otherModules(let path, let found):
            "\(path) is a list of sentence-transformers that does not begin with its CLIPModel but with "
                + "\(quoted(found))."

        case .notATorchFile(let file):
            "\(file) is no checkpoint of PyTorch: neither a zip archive nor a pickle of one begins it."
        case .tarArchive(let file):
            "\(file) is a tar archive, as PyTorch wrote before version 0.1.10."
        case .damagedArchive(let file, let reason):
            "\(file) is a damaged zip archive: \(escaped(reason))."
        case .compressedEntry(let entry, let file):
            "\(file): the entry \(quoted(entry)) is compressed, which PyTorch never does."
        case .missingEntry(let entry, let file):
            "\(file): there is no entry \(quoted(entry))."
        case .wrongChecksum(let entry, let file):
            "\(file): the entry \(quoted(entry)) does not have its checksum: it was damaged on its way."
        case .refusedOperation(let name, let offset, let file):
            "\(file): the pickle asks for \(name) at byte \(offset), which tensors do not need; nothing was run."
        case .refusedGlobal(let name, let file):
            "\(file): the pickle asks for \(quoted(name)), which tensors do not need; nothing was run."
        case .malformedPickle(let file, let offset, let reason):
            "\(file): the pickle is damaged at byte \(offset): \(reason)."
        case .lyingTensor(let storage, let file, let reason):
            "\(file): a tensor of the storage \(quoted(storage)) cannot be: \(reason)."
        case .storageMismatch(let storage, let expected, let found, let file):
            "\(file): the storage \(quoted(storage)) should have \(expected) bytes and has \(found)."

        case .noStateDictionary(let file, let found):
            "\(file) holds no dictionary of tensors, but \(escaped(found))."
        case .noCLIP(let file, let names):
            "\(file) holds no CLIP: tensors are called \(list(names, count: names.count)), where 'visual.' or "
                + "'vision_model.' and 'text_model.' were looked for."
        case .inexpressibleType(let tensor, let type):
            "The tensor \(quoted(tensor)) is of type \(type), which safetensors cannot hold."
        case .tooMuchRepeated(let file, let byteCount, let limit):
            "\(file): its tensors would take \(byteCount) bytes, more than the \(limit) that ties account for."
        case .tensorInTwoShards(let name, let file):
            "\(file) holds the tensor \(quoted(name)), which another shard holds, too."
        case .severalPickles(let path, let files):
            "\(path) has several checkpoints: \(list(files, count: files.count))."
        case .nothingToConvert(let path):
            "\(path) is no checkpoint of PyTorch, and no directory that has one."
        case .alreadySafetensors(let path):
            "\(path) has its weights as safetensors already."
        case .outputExists(let files):
            "What would be written is there already: \(list(files, count: files.count))."

        case .missingTensors(let names, let count):
            "The checkpoint lacks \(list(names, count: count))."
        case .shapeMismatch(let tensor, let expected, let found):
            "The tensor \(quoted(tensor)) has the shape \(found); the configuration asks for \(expected)."
        case .unusedTensors(let names, let count):
            "The model has no use for \(list(names, count: count)); the configuration does not describe these weights."
        case .notFinite(let tensor, let element, let file):
            "\(file): the tensor \(quoted(tensor)) holds something that is no finite number, at element \(element): "
                + "the checkpoint is damaged, or its training diverged."
        case .notConvertibleToFloat(let tensor, let type):
            "The tensor \(quoted(tensor)) is of type \(type.rawValue), where floating-point numbers are needed."
        }
    }

    /// Advice on what to do; nil if nothing can be done.
    private var remedy: String? {
        switch self {
        case .unreadableFile: "Download it anew, or check its path and who may read it."
        case .notARegularFile: "Put the file itself there, or download it anew."
        case .fileChanged: "Wait until nothing writes to it, and start again."
        case .unwritableFile:
            "Make room there and let this program write, or name another directory (for packed weights, with --packed-cache)."
        case .staleCopy: nil
        case .fileTooLarge, .notUTF8, .malformedJSON, .duplicateKey: "Download it anew."
        case .fileTooSmall, .headerTooLarge, .headerBeyondFile, .duplicateTensor, .trailingData,
            .duplicateField, .unknownField, .missingField, .unknownScalarType, .tooManyDimensions,
            .shapeOverflow, .offsetsReversed, .offsetsBeyondData, .byteCountMismatch, .holeInData,
            .overlappingData:
            "Download it anew, or save it again as safetensors."
        case .indexWithoutWeightMap, .unsafeShardName, .tooManyShards, .tensorNotInShard, .tensorNotInIndex,
            .missingShards:
            "Download the index and all of its shards anew."
        case .notADirectory: "Check the path that --model names."
        case .modelNotFound: "Download what is missing, or name another directory with --model."
        case .pickledWeightsOnly(let path, _):
            "Use clip convert \(path) NEW_DIRECTORY, which reads nothing but tensors, or save them with transformers: "
                + "CLIPModel.from_pretrained(\"IN\").save_pretrained(\"OUT\")."
        case .timmConfiguration: "Download the files of its repository whose names begin with open_clip, too."
        case .configurationNotFound: "Download the configuration of its repository, too."
        case .otherModules: "Name a model whose first module is a CLIPModel."
        case .notATorchFile: "Download it anew, or check its path."
        case .tarArchive: "Save it again with a PyTorch that reads it."
        case .damagedArchive, .missingEntry, .wrongChecksum, .malformedPickle, .lyingTensor, .storageMismatch:
            "Download it anew, or save its state_dict() again."
        case .compressedEntry: "Download the file as PyTorch wrote it, or save it again."
        case .refusedOperation, .refusedGlobal:
            "Save only its state_dict() with torch.save, if you trust the file."
        case .noStateDictionary: "Save the model's state_dict() with torch.save."
        case .noCLIP: "Name the checkpoint of a CLIP in the layout of OpenCLIP or transformers."
        case .inexpressibleType: "Save it as float32, float16 or bfloat16."
        case .tooMuchRepeated: "Save its tensors whole, with clone()."
        case .tensorInTwoShards: "Download the index and all of its shards anew."
        case .severalPickles: "Name the one that is meant."
        case .nothingToConvert: "Name a .bin, .pt, .pth or .ckpt file, or a directory with one."
        case .alreadySafetensors(let path): "Use it as it is: clip serve --model \(path)."
        case .outputExists: "Name another directory, or give --force."
        case .missingTensors, .shapeMismatch, .unusedTensors:
            "Take configuration and weights from one checkpoint."
        case .notFinite: "Download it anew, or use an earlier checkpoint."
        case .notConvertibleToFloat: "Save it as float32, float16 or bfloat16."
        }
    }

    private func list(_ names: [String], count: Int) -> String {
        let listed = names.prefix(WeightScope.listedNameLimit)
        let rest = count - listed.count
        return listed.map(quoted).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func quoted(_ name: String) -> String {
        let short = name.unicodeScalars.prefix(120)
        let text = escaped(String(String.UnicodeScalarView(short)))
        return "'\(text)\(short.endIndex < name.unicodeScalars.endIndex ? "..." : "")'"
    }

    /// The text without control characters, which a terminal would obey.
    private func escaped(_ text: String) -> String {
        text.unicodeScalars.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }.joined()
    }
}
