package main

// capabilities are all there are, in the order in which they hear of an event. A new one is a line here.
func capabilities() []Capability {
	return []Capability{
		journalCapability,
		inboxCapability,
		deliveryCapability,
		identityCapability,
		organisationCapability,
		campaignCapability,
		medicalCapability,
		webhookCapability,
		auditCapability,
		accessCapability,
		divisionCapability,
		catalogueCapability,
		usccCapability,
		recordCapability,
		batchCapability,
		caseworkCapability,
		consentCapability,
		recallCapability,
		reportCapability,
		decisionCapability,
		noticeCapability,
		benefitCapability,
		farmerCapability,
		loanCapability,
		villageCapability,
		awardCapability,
		credentialCapability,
		practiceCapability,
	}
}
