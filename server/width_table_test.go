package main

import (
	"os"

	"xinyi/models"
	"xinyi/models/consent"
)

// targets are where the documents are that a route names, by route or by the path up to what it names first.
var targets = map[string]target{
	"/award-measures/{id}":                   {in: "awardmeasures"},
	"GET /award-programmes/{id}/nominations": {in: "awardprogrammes", ask: "state=OPINIONS", city: true},
	"/award-programmes/{id}":                 {in: "awardprogrammes"},
	"/awards/{id}":                           {in: "awards"},
	"/nominations/{id}":                      {in: "awardnominations"},
	"/batches/{id}":                          {in: "batches"},
	"/benefits/versions/{id}":                {in: "offerversions"},
	"/benefits/breaches/{id}":                {in: "claims"},
	"/campaigns/{id}":                        {in: "campaigns"},
	"/cases/{id}":                            {in: "cases"},
	"/clients/{id}":                          {in: "clients"},
	"/consents/partners/{client}":            {in: "clients", ids: map[string]string{"client": "_id"}},
	"/consents/requests/{id}":                {in: "consents"},
	"/decisions/{id}":                        {in: "decisions"},
	"/farmers/changes/{id}":                  {in: "farmchanges"},
	"/farmers/evaluations/{id}":              {in: "farmevaluations"},
	"/farmers/files/{id}":                    {in: "farmfiles", ids: map[string]string{"photo": "photos.id", "conflict": "conflicts.id"}},
	"/farmers/forms/{id}":                    {in: "farmforms"},
	"/farmers/forms/{section}":               {city: true, in: "farmforms", ids: map[string]string{"section": "section"}, ask: "place=4301"},
	"/farmers/layouts/{name}":                {why: "the caller's own region's layout, made where there is none"},
	"/farmers/imports/{id}":                  {in: "farmimports"},
	"/farmers/models/{id}":                   {in: "farmmodels", city: true},
	"/farmers/packages/{id}":                 {in: "farmshares"},
	"/mandates/{id}":                         {in: "mandates"},
	"/medical/bills/{id}":                    {in: "med_bills", ids: map[string]string{"waiver": "waivers.id"}},
	"/medical/agreements/{id}":               {in: "med_agreements"},
	"/medical/conducts/{id}":                 {in: "med_conducts"},
	"/notices/{id}":                          {in: "notices", ids: map[string]string{"objection": "objections.id"}},
	"/organisations/{id}":                    {in: "organisations"},
	"/practice-cases/{id}":                   {in: "practicecases", shown: []string{"PUBLISHED"}, ids: map[string]string{"file": "files.id"}},
	"GET /practice-rounds/{id}/seats":        {none: 200, in: "practicerounds"},
	"/practice-rounds/{id}":                  {in: "practicerounds"},
	"/records/{id}":                          {in: "records"},
	"/staff/appointments/{id}":               {in: "appointments"},
	"/staff/{person}":                        {in: "appointments", ids: map[string]string{"person": "person", "id": "_id"}},
	"/uscc/scans/{id}":                       {in: "usccscans"},
	"/uscc/tickets/{id}":                     {in: "uscctickets"},
	"/village-entries/{id}":                  {in: "villageentries", ids: map[string]string{"evidence": "evidence.id"}},
	"/village-rounds/{id}":                   {in: "villagerounds"},
	"/village-schemes/{id}":                  {in: "villageschemes"},
	"/webhooks/{id}":                         {in: "webhooks"},
	"/recalls/{id}":                          {in: "uses"},
	"/catalogue/{code}":                      {city: true, in: "items", ids: map[string]string{"code": "code", "version": "edition"}},

	// Partners' systems.
	"/his/encounters/{id}":       {in: "med_encounters"},
	"/his/settlements/{setlId}":  {in: "med_encounters", ids: map[string]string{"setlId": "settlements.setlId"}},
	"/his/bills/{billNo}":        {in: "med_bills", ids: map[string]string{"billNo": "billNo"}},
	"/provider/offers/{id}":      {in: "offers"},
	"/provider/redemptions/{id}": {in: "claims"},
	"/provider/statements/{day}": {why: "a day is nobody's: the statement is the caller's own"},
	"/bank/products/{id}":        {in: "loanproducts"},
	"/bank/applications/{id}":    {in: "loanapplications"},
	"/bank/loans/{id}":           {in: "loans"},
	"/unit/loan-lists/{id}":      {in: "loanlists"},

	"POST /notices/{id}/objections": {why: "notices are shown to everybody"},

	// Lists of what holds in the caller's city.
	"GET /catalogue/versions": {city: true},
	"GET /farmers/models":     {city: true},
	"GET /farmers/layouts":    {city: true},

	// What names a document in its body, or makes one.
	"POST /audit/heads":                        {why: "the head is of the whole log, and public"},
	"POST /award-programmes":                   {body: aProgramme},
	"POST /bank/products":                      {body: aProduct},
	"POST /bank/village-figures":               {body: m{"village": "430181108203"}, refused: "village_place"},
	"POST /batches":                            {body: m{"item": "XZCF"}},
	"POST /campaigns":                          {body: aCampaign},
	"POST /catalogue":                          {body: m{"code": "WALK", "from": "2027-01-05"}, like: "GET /catalogue/XZCF"},
	"PUT /catalogue/{code}/versions/{version}": {city: true, in: "items", ids: map[string]string{"code": "code", "version": "edition"}, like: "GET /catalogue/XZCF"},
	"POST /clients":                            {in: "organisations", ids: map[string]string{"org": "_id"}, body: m{"org": "$org"}},
	"POST /consents/requests":                  {why: "who asks names the person by number, and is told nothing of what there is"},
	"POST /farmers/facts":                      {why: "who reports names the person by number, and is told nothing of what there is"},
	"POST /farmers/forms":                      {body: m{"region": "430181", "schema": "{}", "title": bothWords}},
	"POST /farmers/imports":                    {ask: "layout=households&village=430181108203", why: "it takes a workbook; whose village it may be for is TestImportElsewhere of models/farmer"},
	"POST /farmers/models":                     {body: m{"set": textOf("seed/farmmodel.json")}},
	"POST /farmers/notices":                    {body: m{"village": "430181108203"}},
	"POST /farmers/packages":                   {none: 403, in: "consents", ids: map[string]string{"consent": "_id"}, body: m{"consentId": "$consent", "purpose": "credit.evaluation", "scopes": []string{"penalties"}, "subject": m{"idNumber": aNumber}, "nonce": "nonce-of-a-walk-000002"}},
	"POST /farmers/sync":                       {none: 200, in: "farmfiles", ids: map[string]string{"household": "_id"}, body: m{"operations": []m{{"household": "$household", "op": "walk"}}}},
	"POST /his/encounters":                     {why: "a hospital anywhere may see a patient who shows a code or a number"},
	"POST /nominations":                        {none: 400, in: "awardprogrammes", shown: []string{"OPEN", "SELECTED", "DONE"}, ids: map[string]string{"programme": "_id"}, body: m{"programme": "$programme"}},
	"POST /objections":                         {in: "records", ids: map[string]string{"record": "_id"}, body: m{"recordId": "$record", "idNumber": aNumber}},
	"POST /repairs":                            {in: "records", ids: map[string]string{"record": "_id"}, body: m{"recordId": "$record", "idNumber": aNumber}},
	"POST /organisations":                      {in: "organisations", ids: map[string]string{"parent": "_id"}, body: m{"id": "walk", "name": bothWords, "kind": "VILLAGE", "region": "430181108203", "parent": "$parent"}},
	"POST /practice-cases":                     {why: "it makes a case of the caller's own unit and names nothing"},
	"POST /practice-rounds":                    {refused: "/experts/0/personId", body: m{"year": 2026, "seats": []m{{"class": "SUPERVISION", "n": 1}}}},
	"POST /provider/offers":                    {body: m{"scene": "XYB", "terms": theTerms}},
	"POST /provider/redemptions":               {body: m{"code": "123456"}},
	"POST /provider/redemptions/check":         {body: m{"code": "123456"}},
	"POST /records":                            {body: m{"item": "XZCF"}},
	"POST /records/lookups":                    {none: 403, in: "cases", ids: map[string]string{"case": "_id"}, body: m{"case": "$case", "purpose": "credit.objection", "scopes": []string{"penalties"}, "subject": m{"idNumber": aNumber}}},
	"POST /records/queries":                    {none: 403, in: "consents", ids: map[string]string{"consent": "_id"}, body: m{"consentId": "$consent", "purpose": "credit.evaluation", "scopes": []string{"penalties"}, "nonce": "nonce-of-a-walk-000001", "subject": m{"idNumber": aNumber}}},
	"POST /records/reschedule":                 {body: m{"item": "XZCF"}},
	"POST /staff":                              {in: "organisations", ids: map[string]string{"org": "_id"}, body: m{"org": "$org"}},
	"POST /staff/lookup":                       {body: m{"phone": "19900000033"}},
	"POST /unit/loan-lists":                    {body: m{"title": bothWords, "months": 12, "entries": []m{{"code": "91430181MAXX3B1R02", "called": "x"}}}},
	"POST /uscc/scans":                         {},
	"POST /village-entries":                    {in: "villagerounds", ids: map[string]string{"round": "_id"}, body: m{"round": "$round"}},
	"POST /village-notices":                    {in: "villagerounds", ids: map[string]string{"round": "_id"}, body: m{"round": "$round"}},
	"POST /village-rounds":                     {body: m{"county": "430181", "year": 2031}},
	"POST /village-schemes":                    {body: m{"plan": textOf("seed/villagescheme.json")}},
	"POST /votes":                              {none: 400, in: "awardnominations", ids: map[string]string{"nomination": "_id"}, body: m{"nomination": "$nomination"}},
	"POST /votes/aside":                        {in: "awardprogrammes", ids: map[string]string{"programme": "_id"}, body: m{"programme": "$programme"}},
	"POST /votes/aside/confirm":                {in: "awardprogrammes", ids: map[string]string{"programme": "_id"}, body: m{"programme": "$programme"}},
	"POST /webhooks":                           {body: m{"url": "https://example.com/hook"}},
	"GET /notifications/deliveries":            {none: 200, in: "med_bills", ids: map[string]string{"subject": "_id"}, ask: "subject=$subject"},
	"GET /decisions":                           {none: 200, in: "decisions", ids: map[string]string{"about": "about.id"}, ask: "about=$about"},
	"GET /medical/ledger/checks":               {why: "the ledger's check is one for the whole store, and names nobody"},

	// People.
	"DELETE /me":                             {why: "the caller's own account"},
	"DELETE /me/sessions":                    {why: "the caller's own sessions"},
	"PUT /me/band":                           {why: "the caller's own"},
	"PUT /me/notification-preferences":       {why: "the caller's own"},
	"POST /me/consents":                      {why: "a recipient is a registered organisation, and listed"},
	"POST /me/erasure":                       {why: "the caller's own account"},
	"POST /me/identity":                      {why: "the caller's own name and number; somebody else's number is refused as one that is taken"},
	"POST /me/inbox/read-all":                {why: "the caller's own messages"},
	"POST /me/loan-applications":             {in: "consents", ids: map[string]string{"consent": "_id"}, none: 409, body: m{"text": consent.Lending.Hash(), "productId": "loan-product-1", "consentId": "$consent", "amountFen": 100000, "months": 12}},
	"POST /me/mandates":                      {why: "who asks to act for somebody names that person by number"},
	"POST /me/medical/agreements":            {why: "schemes are shown to everybody"},
	"POST /me/medical/code":                  {why: "the caller's own"},
	"POST /me/objections":                    {in: "records", ids: map[string]string{"record": "_id"}, body: m{"recordId": "$record"}},
	"POST /me/organisations":                 {why: "an organisation's code is public"},
	"POST /me/repairs":                       {in: "records", ids: map[string]string{"record": "_id"}, body: m{"recordId": "$record"}},
	"POST /me/reports":                       {why: "the caller's own"},
	"POST /me/farm-file/agreements":          {why: "the caller's own farm file"},
	"POST /me/farm-file/agreements/withdraw": {why: "the caller's own farm file"},
	"POST /me/farm-file/changes":             {why: "the caller's own farm file"},
	"POST /me/farm-file/evaluations":         {why: "the caller's own farm file"},
	"POST /me/farm-file/leave":               {why: "the caller's own farm file"},
	"POST /me/farm-file/photos":              {why: "the caller's own farm file"},
	"POST /me/farm-file/sync":                {why: "the caller's own farm file"},

	"/me/inbox/{id}":                 {in: "inbox"},
	"/me/deliveries/{id}":            {in: "deliveries"},
	"/me/devices/{id}":               {in: "devices"},
	"PUT /me/devices/{id}":           {why: "the app names its device itself; the id derives from the person"},
	"/me/sessions/{id}":              {in: "sessions"},
	"/me/mandates/{id}":              {in: "mandates"},
	"/me/medical/agreements/{id}":    {in: "med_agreements"},
	"/me/medical/bills/{id}":         {in: "med_bills"},
	"/me/medical/conducts/{id}":      {in: "med_conducts"},
	"/audit/entries/{id}":            {in: "accesses"},
	"/me/accesses/{id}":              {in: "accesses"},
	"/me/file/records/{id}":          {in: "records"},
	"/me/organisations/{code}":       {in: "representatives", ids: map[string]string{"code": "org", "id": "_id"}},
	"/me/cases/{id}":                 {in: "cases"},
	"/me/repairs/{id}":               {in: "cases"},
	"/me/repairs/notices/{id}":       {in: "records"},
	"/me/consents/{id}":              {in: "consents"},
	"/me/reports/{id}":               {in: "reports"},
	"/me/offers/{id}":                {why: "offers are shown to everybody"},
	"/offers/{id}":                   {why: "offers are shown to everybody"},
	"/me/claims/{id}":                {in: "claims"},
	"/me/waits/{id}":                 {in: "waits"},
	"/me/farm-file/changes/{id}":     {in: "farmchanges"},
	"/me/farm-file/evaluations/{id}": {in: "farmevaluations"},
	"/me/farm-reviews/{id}":          {in: "farmevaluations"},
	"/me/loan-applications/{id}":     {in: "loanapplications"},
	"/me/loan-needs/{id}":            {none: 200, in: "loanapplications", ids: map[string]string{"id": "need"}},
	"/me/loans/{id}":                 {in: "loans"},
	"/me/nominations/{id}":           {in: "awardnominations"},
	"/me/award-scores/{id}":          {in: "awardnominations"},
	"/me/honours/{id}":               {in: "awards"},
	"/me/honours/{award}":            {in: "awards", ids: map[string]string{"award": "_id"}},
	"/me/credentials/{id}":           {in: "credentials"},
}

// bodies are what requests need that the document of the routes does not say.
var bodies = map[string]m{
	"POST /award-programmes/{id}/experts":               {"experts": []m{{"person": stranger, "unit": "unit-changsha-scjg"}}},
	"PUT /award-programmes/{id}":                        aProgramme,
	"POST /batches/{id}/rows":                           {"rows": []m{{"row": 1, "cells": m{}}}},
	"POST /batches/{id}/submit":                         {"sha256": sixtyFour},
	"POST /medical/bills/{id}/pause":                    {"reason": "HARDSHIP"},
	"POST /uscc/tickets/{id}/assign":                    {"unit": "unit-changsha-scjg"},
	"PUT /campaigns/{id}":                               aCampaign,
	"POST /farmers/files/{id}/agreements":               {"text": "farm_file", "version": consent.Farm.Version, "hash": consent.Farm.Hash()},
	"PUT /farmers/models/{id}":                          {"set": textOf("seed/farmmodel.json")},
	"PUT /village-schemes/{id}":                         {"plan": textOf("seed/villagescheme.json")},
	"PUT /webhooks/{id}":                                {"url": "https://example.com/hook"},
	"POST /bank/applications/{id}/offer":                {"amountFen": 100000, "months": 12, "rateBp": 400},
	"POST /bank/applications/{id}/take":                 {"to": "IN_REVIEW"},
	"PUT /bank/products/{id}":                           aProduct,
	"POST /bank/loans/{id}/payments":                    {"amountFen": 100},
	"POST /bank/products/{id}/state":                    {"state": "PAUSED"},
	"POST /unit/loan-lists/{id}/remove":                 {"code": "91430181MAXX3B1R02"},
	"PUT /provider/offers/{id}/versions/{no}":           {"terms": theTerms},
	"POST /provider/offers/{id}/versions":               {"terms": theTerms},
	"POST /his/encounters/{id}/charges":                 {"lines": []m{{"lineId": "walk", "revision": 1, "category": "OTHER", "amount": "1.00", "occurredAt": lineTime}}},
	"POST /his/encounters/{id}/settlements":             {"setlId": "walk", "revision": 1, "medfeeSum": "1.00", "fundPaySum": "0.00", "psnPart": "1.00", "cashPay": "1.00"},
	"POST /me/consents/{id}/approve":                    {"text": m{"id": "share", "version": "1", "hash": sixtyFour}},
	"POST /me/honours/{id}/measures/{measure}/feedback": {"stars": 5},
	"POST /me/medical/bills/{id}/payments":              {"amountFen": 10000, "channel": "wechat"},
	"POST /me/nominations/{id}/consent":                 {"vetting": true},
	"POST /me/award-scores/{id}":                        {"marks": m{"x": 1}},
	"POST /practice-cases/{id}/scores":                  {"marks": m{"x": 1}},
}

// aNumber is of the demo farmer.
var aNumber = func() string {
	n, err := models.SyntheticIDNumber("430181", "1963-09-30")
	if err != nil {
		panic(err)
	}
	return n.Reveal()
}()

const sixtyFour = "00000000000000000000000000000000000000000000000000000000000000aa"

var (
	bothWords  = m{"zh": "一", "en": "one"}
	aProgramme = m{"year": 2026, "level": 4, "title": bothWords, "categories": []m{{"code": "x", "title": bothWords, "seats": 1}}}
	aCampaign  = m{"title": bothWords, "body": bothWords, "audience": m{"region": "430181"}}
	aProduct   = m{
		"title": bothWords, "details": bothWords, "fromFen": 100000, "toFen": 200000, "minMonths": 1, "maxMonths": 12, "rateBp": 400, "regions": []string{"430181"},
	}
	theTerms = m{
		"name": bothWords, "details": bothWords, "consent": bothWords, "form": "DISCOUNT", "quota": m{"total": 10, "daily": 1, "perPerson": 1, "period": "MONTH"},
		"regions": []string{"4301"}, "from": "2026-12-01", "until": "2027-12-01",
	}
)

// textOf is a file of the repository, for a table that is made before any test.
func textOf(file string) string {
	raw, err := os.ReadFile("../" + file)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
