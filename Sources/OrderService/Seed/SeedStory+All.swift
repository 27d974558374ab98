import Commerce

extension SeedStory {
    /// Every story; together they reach every state that there is.
    static let all = waiting + reviewed + goingWell + ended + givenBack

    /// The customer has to do something, or Stripe.
    private static let waiting = [
        SeedStory(.card, [25, 0, 0], placed, asked),
        SeedStory(.card, [15, 0, 0], placed, asked, declined),
        SeedStory(
            .card,
            [12, 0, 0],
            placed,
            asked,
            [Step(20...10 * minute, .stripe, .payment(.requireAction))]
        ),
        SeedStory(
            .card,
            [12, 0, 0],
            placed,
            asked,
            [Step(20...10 * minute, .stripe, .payment(.process))]
        ),
        SeedStory(.card, [8, 0, 0], placed, [Step(6...9, .stripe, .startFails)]),
        SeedStory(
            .card,
            [6, 0, 0],
            placed,
            [Step(6...9, .stripe, .startFails, .payment(.loseAnswer))]
        ),
    ]

    /// Somebody of the staff has to decide.
    private static let reviewed = [
        SeedStory(
            .card,
            [8, 2, 0],
            placed,
            asked,
            authorized,
            [Step(1...30, .worker, .move(.reviewPayment, cause: "risk level elevated"))]
        ),
        SeedStory(
            .card,
            [6, 2, 0],
            placed,
            asked,
            [
                Step(
                    20...10 * minute,
                    .stripe,
                    .charge(),
                    .capture(percent: 110),
                    .flag("amount_exceeds"),
                    .payment(.overpay, cause: "amount_exceeds"),
                    .move(.reviewPayment, cause: "amount_exceeds")
                )
            ]
        ),
        SeedStory(
            .card,
            [6, 2, 0],
            placed,
            asked,
            [
                Step(
                    20...10 * minute,
                    .stripe,
                    .charge(),
                    .capture(percent: 90),
                    .flag("amount_short"),
                    .payment(.pay, cause: "amount_short"),
                    .move(.reviewPayment, cause: "amount_short")
                )
            ]
        ),
        SeedStory(
            .card,
            [8, 2, 0],
            isOptimistic: true,
            placed,
            asked,
            authorized,
            [Step(1...30, .worker, .move(.reviewStock, cause: "not verified yet"))]
        ),
        SeedStory(
            .card,
            [5, 2, 0],
            isOptimistic: true,
            placed,
            asked,
            authorized,
            [
                Step(
                    1...30,
                    .worker,
                    .reservation(.lose),
                    .move(.reviewStock, cause: "out of stock")
                )
            ]
        ),
        SeedStory(
            .cashOnDelivery,
            [12, 2, 0],
            isOptimistic: true,
            placed,
            [Step(1...30, .worker, .move(.reviewStock, cause: "not verified yet"))]
        ),
    ]

    /// Nothing is wrong.
    private static let goingWell = [
        SeedStory(.cashOnDelivery, [440, 50, 0], placedOnDelivery),
        SeedStory(.cashOnDelivery, [140, 110, 0], placedOnDelivery, started),
        SeedStory(.cashOnDelivery, [20, 310, 0], placedOnDelivery, shipped),
        SeedStory(.cashOnDelivery, [0, 130, 530], placedOnDelivery, deliveredForCash),
        SeedStory(.card, [170, 30, 0], placed, asked, paid),
        SeedStory(.card, [80, 80, 0], placed, asked, paid, started),
        SeedStory(.card, [10, 180, 0], placed, asked, paid, shipped),
        SeedStory(.card, [0, 80, 270], placed, asked, paid, delivered),
        SeedStory(.card, [4, 5, 22], placed, asked, declined, paid, delivered),
        SeedStory(.card, [6, 2, 0], isFree: true, placedFree),
        SeedStory(.card, [0, 2, 6], isFree: true, placedFree, delivered),
    ]

    /// Ended before anything was sent.
    private static let ended = [
        SeedStory(
            .card,
            [0, 1, 15],
            placed,
            asked,
            [
                Step(
                    minute...20 * minute,
                    .buyer,
                    .payment(.cancel),
                    .move(.cancel, cause: "the customer's wish")
                )
            ],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 12],
            placed,
            asked,
            paid,
            [
                Step(
                    10 * minute...5 * hour,
                    .buyer,
                    .move(.cancel, cause: "the customer's wish")
                ),
                Step(
                    2...60,
                    .worker,
                    .refund(percent: 100),
                    .payment(.refundAll)
                ),
            ]
        ),
        SeedStory(
            .cashOnDelivery,
            [0, 2, 45],
            placedOnDelivery,
            [
                Step(
                    10 * minute...5 * hour,
                    .buyer,
                    .payment(.cancel),
                    .move(.cancel, cause: "the customer's wish")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 1, 20],
            placed,
            asked,
            [Step(1_800...1_860, .worker, .payment(.fail), .move(.expire))],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 8],
            placed,
            asked,
            declined,
            [Step(1_500...1_800, .worker, .payment(.fail), .move(.expire))],
            released
        ),
        SeedStory(
            .card,
            [0, 1, 5],
            placed,
            asked,
            authorized,
            [
                Step(1...30, .worker, .move(.reviewPayment, cause: "risk level highest")),
                Step(
                    hour...20 * hour,
                    .staff("support-1"),
                    .payment(.cancel),
                    .move(.reject, cause: "fraud suspected")
                ),
            ],
            released
        ),
        SeedStory(
            .cashOnDelivery,
            [0, 1, 6],
            isOptimistic: true,
            placed,
            [
                Step(
                    1...30,
                    .worker,
                    .reservation(.lose),
                    .move(.reviewStock, cause: "out of stock")
                ),
                Step(
                    hour...20 * hour,
                    .staff("support-1"),
                    .payment(.cancel),
                    .move(.reject, cause: "out of stock")
                ),
            ]
        ),
    ]

    /// Money or goods went back after all.
    private static let givenBack = [
        SeedStory(
            .cashOnDelivery,
            [0, 2, 30],
            placedOnDelivery,
            shipped,
            [
                Step(
                    2 * day...5 * day,
                    warehouse,
                    .fulfil(.return),
                    .payment(.cancel, cause: "not taken at the door")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 12],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(2 * day...4 * day, warehouse, .fulfil(.return)),
                Step(
                    hour...20 * hour,
                    .staff("finance-1"),
                    .refund(percent: 100),
                    .payment(.refundAll, cause: "goods returned")
                ),
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 15],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(
                    hour...2 * day,
                    .staff("support-1"),
                    .refund(percent: 30),
                    .payment(.refundPart, cause: "damaged on its way")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 8],
            placed,
            asked,
            paid,
            delivered,
            [
                Step(
                    hour...2 * day,
                    .staff("finance-1"),
                    .refund(percent: 100),
                    .payment(.refundAll, cause: "goodwill")
                )
            ]
        ),
        SeedStory(
            .card,
            [0, 0, 4],
            placed,
            asked,
            paid,
            delivered,
            [Step(hour...2 * day, .stripe, .payment(.dispute, cause: "fraudulent"))]
        ),
    ]
}
