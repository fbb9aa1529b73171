internal import CLIPEngine
internal import CLIPIndex

extension APIError {
    /// Errors by the names of their examples in the API's document: for each occasion one of each status at least, and those that
    /// people meet.
    ///
    /// - Parameter facts: whose limits stand in the sentences.
    package static func samples(_ facts: DocumentFacts) -> [(name: String, error: APIError)] {
        let texts = facts.maxTexts + 1
        return [
            ("noHost", .malformedMessage(.noHost)),
            ("lengthOutOfRange", .malformedMessage(.contentLengthOutOfRange)),
            ("pathTooLong", .malformedMessage(.targetTooLong(limit: RequestDecoder.mostHeadBytes))),
            ("headTooLarge", .malformedMessage(.fieldsTooLarge(limit: RequestDecoder.mostHeadBytes))),
            ("transferCoding", .malformedMessage(.transferEncodingNotSupported)),
            ("version", .malformedMessage(.versionNotSupported)),
            ("bodyNotWanted", .bodyNotWanted(limit: ConnectionLimits.mostPassedOver)),
            ("bodyTooLarge", .bodyTooLarge(limit: facts.maxBodyBytes)),
            ("bodyTooSlow", .bodyTooSlow(limit: .seconds(120), stall: .seconds(10))),
            ("noRoom", .noRoomForBody),
            ("packing", .bodyEncodingNotSupported),
            ("damagedPacking", .bodyNotUnpackable),
            ("timeout", .invalidTimeout),
            ("tooLate", .tooLate(limit: facts.requestTime)),
            ("noKey", .unauthorized),
            ("elsewhere", .managementClosed),
            ("throughProxy", .managementThroughProxy),
            ("otherOrigin", .originNotAllowed),
            ("missingField", .invalidFields(FieldProblems([FieldProblem(.missing, at: ["body", "text"])]))),
            (
                "notJSON",
                .invalidFields(
                    FieldProblems([
                        FieldProblem(.notJSON(reason: "Expecting value"), at: ["body", .index(1)])
                    ])
                )
            ),
            ("wrongField", .invalidField(FieldFault("dimensions", "'dimensions' has to be a whole number."))),
            ("form", .invalidField(FieldFault(nil, "The multipart body is cut off."))),
            ("unknownPath", .notFound),
            ("unknownModel", .embedding(.unknownModel(""), place: nil)),
            ("noModelName", .embedding(.invalidModelName(""), place: nil)),
            (
                "noPicture",
                .embedding(.image(index: 1, .unknownFormat(looksLike: "a PDF")), place: "image 2 of 3")
            ),
            ("tooManyPictures", .embedding(.tooManyImages(count: 0, limit: facts.maxBatch), place: nil)),
            (
                "pictureTooLarge",
                .embedding(
                    .image(index: 0, .tooMuchMemory(bytes: 900_000_000, limit: 500_000_000)),
                    place: nil
                )
            ),
            ("noMemory", .embedding(.image(index: 0, .noMemory), place: nil)),
            ("stopped", .embedding(.image(index: 0, .stopped), place: nil)),
            ("textTooLong", .embedding(.textTooLong(index: 1, count: 95, limit: 77), place: "text 2 of 3")),
            ("tooManyTexts", .embedding(.tooManyTexts(count: texts, limit: facts.maxTexts), place: nil)),
            ("noTexts", .embedding(.noTexts, place: nil)),
            ("subjectType", .unknownItemType(field: .subject)),
            ("tooManyPrompts", .embedding(.tooManyPrompts(count: 0, limit: facts.maxBatch), place: nil)),
            ("sameLabelTwice", .embedding(.labels(.repeatedLabel(index: 2, first: 0)), place: nil)),
            (
                "labelsTooLarge",
                .embedding(.labels(.tooMuchMemory(bytes: 900_000_000, limit: 500_000_000)), place: nil)
            ),
            ("noTower", .embedding(.noTower(.text, model: ""), place: nil)),
            ("overloaded", .embedding(.overloaded(retryAfterSeconds: 3), place: nil)),
            ("tooMuchMemory", .embedding(.tooMuchMemory(bytes: 900_000_000, limit: 500_000_000), place: nil)),
            ("shuttingDown", .embedding(.shuttingDown, place: nil)),
            ("modelLoading", .embedding(.modelLoading(name: "", retryAfterSeconds: 10), place: nil)),
            ("modelClosed", .embedding(.modelNotFetched(name: "", cause: "", .closed), place: nil)),
            ("modelNotFound", .embedding(.modelNotFetched(name: "", cause: "", .notFound), place: nil)),
            (
                "modelTooLarge",
                .embedding(
                    .modelTooLarge(name: "", bytes: 9_000_000_000, beside: 0, limit: 8_000_000_000),
                    place: nil
                )
            ),
            ("noIndex", .noIndex),
            ("otherPage", .pageNotAllowed),
            ("otherName", .nameNotAllowed),
            ("noSuchPicture", .pictures(.noPicture(id: 0))),
            ("indexAway", .pictures(.index(.notFound(path: "")))),
            ("indexDamaged", .pictures(.index(.damaged(path: "", what: "")))),
            ("nothingLeft", .pictures(.cancelsOut)),
            ("otherFile", .pictures(.changedFile(path: ""))),
            ("clientLeft", .embedding(.cancelled, place: nil)),
            ("failed", .embedding(.failed(""), place: nil)),
        ]
    }
}
