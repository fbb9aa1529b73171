import CLIPTestSupport
import CLIPWeights
import Testing

@Suite("The words of weight errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "unreadableFile": WeightError.unreadableFile(path: "model.safetensors", code: 2),
            "notARegularFile": WeightError.notARegularFile(path: "model.safetensors"),
            "fileTooLarge": WeightError.fileTooLarge(path: "model.safetensors", byteCount: 8, limit: 8),
            "fileChanged": WeightError.fileChanged(path: "model.safetensors"),
            "unwritableFile": WeightError.unwritableFile(path: "model.safetensors", code: 2),
            "staleCopy": WeightError.staleCopy(path: "model.safetensors", reason: "it is of something else"),
            "fileTooSmall": WeightError.fileTooSmall(file: "model.safetensors", byteCount: 8),
            "headerTooLarge": WeightError.headerTooLarge(file: "model.safetensors", byteCount: 9, limit: 8),
            "headerBeyondFile": WeightError.headerBeyondFile(
                file: "model.safetensors",
                headerByteCount: 8,
                fileByteCount: 8
            ),
            "notUTF8": WeightError.notUTF8(file: "model.safetensors"),
            "malformedJSON": WeightError.malformedJSON(
                file: "model.safetensors",
                offset: 8,
                expected: "a string"
            ),
            "duplicateTensor": WeightError.duplicateTensor(name: "a.weight", file: "model.safetensors"),
            "duplicateKey": WeightError.duplicateKey(key: "a.weight", file: "model.safetensors"),
            "duplicateField": WeightError.duplicateField(
                tensor: "a.weight",
                field: "a.weight",
                file: "model.safetensors"
            ),
            "unknownField": WeightError.unknownField(
                tensor: "a.weight",
                field: "a.weight",
                file: "model.safetensors"
            ),
            "missingField": WeightError.missingField(
                tensor: "a.weight",
                field: "a.weight",
                file: "model.safetensors"
            ),
            "unknownScalarType": WeightError.unknownScalarType(
                tensor: "a.weight",
                type: "a.weight",
                file: "model.safetensors"
            ),
            "tooManyDimensions": WeightError.tooManyDimensions(
                tensor: "a.weight",
                limit: 8,
                file: "model.safetensors"
            ),
            "shapeOverflow": WeightError.shapeOverflow(
                tensor: "a.weight",
                shape: [2, 3],
                file: "model.safetensors"
            ),
            "offsetsReversed": WeightError.offsetsReversed(
                tensor: "a.weight",
                begin: 8,
                end: 8,
                file: "model.safetensors"
            ),
            "offsetsBeyondData": WeightError.offsetsBeyondData(
                tensor: "a.weight",
                end: 8,
                dataByteCount: 8,
                file: "model.safetensors"
            ),
            "byteCountMismatch": WeightError.byteCountMismatch(
                tensor: "a.weight",
                expected: 8,
                found: 8,
                file: "model.safetensors"
            ),
            "holeInData": WeightError.holeInData(
                tensor: "a.weight",
                expectedBegin: 8,
                begin: 8,
                file: "model.safetensors"
            ),
            "overlappingData": WeightError.overlappingData(
                tensor: "a.weight",
                expectedBegin: 8,
                begin: 8,
                file: "model.safetensors"
            ),
            "trailingData": WeightError.trailingData(file: "model.safetensors", described: 8, found: 8),
            "indexWithoutWeightMap": WeightError.indexWithoutWeightMap(file: "model.safetensors"),
            "unsafeShardName": WeightError.unsafeShardName(name: "a.weight", file: "model.safetensors"),
            "tooManyShards": WeightError.tooManyShards(file: "model.safetensors", limit: 8),
            "tensorNotInShard": WeightError.tensorNotInShard(name: "a.weight", shard: "model.safetensors"),
            "tensorNotInIndex": WeightError.tensorNotInIndex(name: "a.weight", shard: "model.safetensors"),
            "notADirectory": WeightError.notADirectory(path: "model.safetensors"),
            "modelNotFound": WeightError.modelNotFound(path: "model.safetensors", missing: ["a.weight"]),
            "pickledWeightsOnly": WeightError.pickledWeightsOnly(
                path: "model.safetensors",
                files: ["a.weight"]
            ),
            "missingTensors": WeightError.missingTensors(names: ["a.weight"], count: 8),
            "shapeMismatch": WeightError.shapeMismatch(tensor: "a.weight", expected: [2, 3], found: [2, 3]),
            "unusedTensors": WeightError.unusedTensors(names: ["a.weight"], count: 8),
            "notConvertibleToFloat": WeightError.notConvertibleToFloat(tensor: "a.weight", type: .int8),
            "notFinite": WeightError.notFinite(tensor: "a.weight", element: 8, file: "model.safetensors"),
            "missingShards": WeightError.missingShards(
                index: "model.safetensors.index.json",
                names: ["a.safetensors"],
                count: 8
            ),
            "timmConfiguration": WeightError.timmConfiguration(path: "models/a"),
            "configurationNotFound": WeightError.configurationNotFound(
                file: "model.safetensors",
                missing: ["a.json", "b.json"]
            ),
            "otherModules": WeightError.otherModules(path: "models/a", found: "a.Dense"),
            "notATorchFile": WeightError.notATorchFile(file: "a.bin"),
            "tarArchive": WeightError.tarArchive(file: "a.bin"),
            "damagedArchive": WeightError.damagedArchive(file: "a.bin", reason: "its end is not there"),
            "compressedEntry": WeightError.compressedEntry(entry: "a/data/0", file: "a.bin"),
            "missingEntry": WeightError.missingEntry(entry: "a/data/0", file: "a.bin"),
            "wrongChecksum": WeightError.wrongChecksum(entry: "a/data/0", file: "a.bin"),
            "refusedOperation": WeightError.refusedOperation(name: "INST", offset: 8, file: "a.bin"),
            "refusedGlobal": WeightError.refusedGlobal(name: "os.system", file: "a.bin"),
            "malformedPickle": WeightError.malformedPickle(
                file: "a.bin",
                offset: 8,
                reason: "a mark is missing"
            ),
            "lyingTensor": WeightError.lyingTensor(
                storage: "0",
                file: "a.bin",
                reason: "it has too many dimensions"
            ),
            "storageMismatch": WeightError.storageMismatch(
                storage: "0",
                expected: 8,
                found: 9,
                file: "a.bin"
            ),
            "noStateDictionary": WeightError.noStateDictionary(file: "a.bin", found: "a list"),
            "noCLIP": WeightError.noCLIP(file: "a.bin", names: ["a.weight"]),
            "inexpressibleType": WeightError.inexpressibleType(tensor: "a.weight", type: "complex64"),
            "tooMuchRepeated": WeightError.tooMuchRepeated(file: "a.bin", byteCount: 9, limit: 8),
            "tensorInTwoShards": WeightError.tensorInTwoShards(name: "a.weight", file: "a.bin"),
            "severalPickles": WeightError.severalPickles(path: "models/a", files: ["a.bin", "b.bin"]),
            "nothingToConvert": WeightError.nothingToConvert(path: "models/a"),
            "alreadySafetensors": WeightError.alreadySafetensors(path: "models/a"),
            "outputExists": WeightError.outputExists(files: ["model.safetensors"]),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "WeightError",
            in: "CLIPWeights/WeightError.swift",
            nothingToDo: ["staleCopy"]
        )
        #expect(complaints == [])
    }
}
